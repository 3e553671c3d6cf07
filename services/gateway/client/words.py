"""Times, lengths of time and long texts, in few words. Pure."""

from datetime import UTC, datetime


def moment(text: str | None) -> str:
    """A time of the server's, to the second."""
    return "-" if text is None else datetime.fromisoformat(text).astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def duration(seconds: int) -> str:
    """A window's length in its largest whole unit."""
    for size, unit in ((86_400, "days"), (3_600, "hours"), (60, "minutes")):
        if seconds % size == 0 and seconds > size:
            return f"{seconds // size} {unit}"
    return f"{seconds} seconds"


def short(text: str, width: int = 40) -> str:
    """`text` in at most `width` letters, on one line."""
    line = " ".join(text.split())
    return line if len(line) <= width else line[: width - 1] + "…"
