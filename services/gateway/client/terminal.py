"""What people read: answers on stdout, how things go on stderr; nothing in them can steer a terminal."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any


def plain(text: str) -> str:
    """`text` without control characters: a team's name must not be able to steer a terminal."""
    return "".join(letter if letter.isprintable() or letter == "\n" else "?" for letter in text)


def say(text: str) -> None:
    """A line of the answer."""
    print(plain(text), flush=True)


def say_json(value: Any) -> None:
    """The server's JSON, in ASCII: nothing is replaced, and nothing can steer a terminal."""
    print(json.dumps(value), flush=True)


def note(text: str) -> None:
    """A line on how things go."""
    print(plain(text), file=sys.stderr, flush=True)


def program() -> str:
    """How this client was started: its file, or `-m` and its package."""
    package = sys.modules["__main__"].__spec__
    return f"-m {package.parent}" if package else Path(sys.argv[0]).name


def go_on(*words: str) -> str:
    """A command to type next."""
    return " ".join(["python", program(), *words])


def table(headings: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Aligned columns, two spaces apart."""
    lines = [[str(cell) for cell in row] for row in (headings, *rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        say("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())
