"""Times, lengths of time and long texts, in few words. Pure."""

import unicodedata
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


def width_of(text: str) -> int:
    """How many columns of a terminal `text` takes."""
    return sum(
        1 + (unicodedata.east_asian_width(letter) in "WF") for letter in text if not unicodedata.combining(letter)
    )


def clipped(text: str, columns: int) -> str:
    """`text` in at most so many columns, with an ellipsis where it was longer."""
    if width_of(text) <= columns:
        return text
    kept = text
    while kept and width_of(kept) >= columns:
        kept = kept[:-1]
    return kept + "…"
