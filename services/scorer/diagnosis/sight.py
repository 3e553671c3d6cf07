"""What the rules see of a refused file: its first lines, the places of its shown faults, its last line, its size."""

import re
from dataclasses import dataclass

from services.scorer.formats.blocks import BYTE_ORDER_MARK, PAD, Bytes, Readable, blocks, content
from services.scorer.protocol import Case
from shared.errors import Fault, Unreadable

START_BYTES = 4096
HEAD_LINES = 20
LONGEST_TEXT = 2**15
"""How much of a line is looked at: a score for each of 1,000 categories, in up to 32 characters each."""

LONGEST_WORD = 256
SHOWN_CHARACTERS = 40
GAPS = re.compile(r"[ \t\r,]+")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a fault is: its code, line from 1, the word that stands there, the whole line."""

    code: str
    line: int
    word: str
    text: str


@dataclass(frozen=True, slots=True)
class Sight:
    """A refused file. `lines` is None where a line was too long to count on; `expected` where any number will do."""

    case: Case
    refusal: Unreadable
    expected: int | None
    data: Readable
    start: bytes
    head: tuple[str, ...]
    places: tuple[Place, ...]
    lines: int | None
    last: str
    ended: bool

    @property
    def body(self) -> tuple[str, ...]:
        """The first lines without the very first, which may be a heading; a file of one line is its own body."""
        return self.head[1:] or self.head

    @property
    def common(self) -> tuple[Place, ...]:
        """The places without those of a heading, as far as there are others."""
        return tuple(place for place in self.places if place.line > 1) or self.places


def look_at(case: Case, data: Readable, expected: int | None, refusal: Unreadable) -> Sight:
    """Look once more at a file that was refused. One pass, block by block."""
    start = bytes(memoryview(data).cast("B")[:START_BYTES]).removeprefix(BYTE_ORDER_MARK)
    text = content(data)
    wanted = {fault.line for fault in refusal.faults if fault.line} | set(range(1, HEAD_LINES + 1))
    lines, found = _lines_at(text, wanted)
    head = tuple(found[number] for number in range(1, HEAD_LINES + 1) if number in found)
    places = tuple(_place(f, f.line, f.column, found[f.line]) for f in refusal.faults if f.line in found and f.column)
    if not any(fault.line for fault in refusal.faults):
        places = _unread(head)
    last = text[-LONGEST_TEXT:].tobytes().rsplit(b"\n", 1)[-1]
    ended = len(data) == 0 or bytes(memoryview(data).cast("B")[-1:]) in (b"\n", b"\r")
    return Sight(case, refusal, expected, data, start, head, places, lines, _decoded(last), ended)


def shown(text: str) -> str:
    """`text` in quotes, as it is repeated to its author: shortened, and with nothing that a terminal would obey."""
    text = text.strip()
    return ascii(text) if len(text) <= SHOWN_CHARACTERS else ascii(text[:SHOWN_CHARACTERS]) + "…"


def words_of(line: str) -> list[str]:
    """What stands between blanks and commas, shortened where it is very long."""
    return [word[:LONGEST_WORD] for word in GAPS.split(line) if word]


def _lines_at(text: Bytes, wanted: set[int]) -> tuple[int | None, dict[int, str]]:
    """How many lines there are, and the text of the `wanted` ones. Up to a line that is too long to be one."""
    found: dict[int, str] = {}
    before = 0
    try:
        for block in blocks(text):
            lines = int((block[PAD:] == ord("\n")).sum())
            here = {number for number in wanted if before < number <= before + lines}
            if here:
                split = block[PAD:].tobytes().split(b"\n")
                found |= {number: _decoded(split[number - before - 1]) for number in here}
            before += lines
    except Unreadable:
        return None, found or {1: _decoded(text[:LONGEST_TEXT].tobytes())}
    return before, found


def _unread(head: tuple[str, ...]) -> tuple[Place, ...]:
    """The first word of each of the first lines that is no id, for a file refused before its lines were read."""
    found = []
    for number, line in enumerate(head, start=1):
        strange = next((word for word in words_of(line) if not word.isdecimal()), None)
        if strange is not None:
            found.append(Place("", number, strange, line))
    return tuple(found)


def _place(fault: Fault, line: int, column: int, text: str) -> Place:
    """Columns count bytes, and so do we."""
    rest = _decoded(text.encode("utf-8", "surrogateescape")[column - 1 :])
    return Place(fault.code, line, GAPS.split(rest, maxsplit=1)[0][:LONGEST_WORD], text)


def _decoded(line: bytes) -> str:
    """Bytes that are no UTF-8 come back as they were when encoded again."""
    return line[:LONGEST_TEXT].decode("utf-8", "surrogateescape")
