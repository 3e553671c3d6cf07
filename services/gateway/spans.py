"""Spans of time as people say them. Pure; for commands, pages and the doctor."""

from datetime import timedelta


def spoken(span: timedelta) -> str:
    """In its two largest units: `3 d 4 h`; what is below a second as `0.4 s`."""
    total = max(0.0, span.total_seconds())
    if total < 10:
        return f"{total:.1f} s"
    seconds = int(total)
    units = [("d", seconds // 86_400), ("h", seconds // 3600 % 24), ("min", seconds // 60 % 60), ("s", seconds % 60)]
    first = next(place for place, (_, count) in enumerate(units) if count)
    return " ".join(f"{count} {unit}" for unit, count in units[first : first + 2] if count)
