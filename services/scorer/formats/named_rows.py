"""Reads text with one line per image that starts with the image's name: the grammar of `rows`, in any order of lines.

The name is taken off, and what is left is read as numbers are everywhere; then lines are put in the order of the images.
Ids count from 0, so a missing guess is left out, and a blank line says nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from services.scorer.formats.blocks import PAD, Bytes, Readable, blocks, content
from services.scorer.formats.faults import FaultList, wrong_count
from services.scorer.formats.names import missing_image
from services.scorer.formats.numbering import Numbers
from services.scorer.formats.recognise import refuse_other_formats
from services.scorer.formats.roster import Roster
from services.scorer.formats.rows import Rows, joined, padded
from services.scorer.formats.tokens import Positions, tokenize
from services.scorer.formats.wording import NAMED_IDS, shown
from shared.errors import Fault

_ONE_EACH = "Write one line for each image."
_GAPS = np.zeros(256, np.bool_)
_GAPS[list(b" \t\r\n,")] = True
_CONTROLS = np.zeros(256, np.bool_)
_CONTROLS[[*range(32), 127]] = True


@dataclass(frozen=True, slots=True)
class Named:
    """Lines as they stand in the file: rows, the names before them, and where these are (from 1)."""

    rows: Rows
    names: list[bytes]
    lines: Positions
    columns: Positions


@dataclass(frozen=True, slots=True)
class _Cut:
    """A block without its names: digits that count for nothing in their place, so that columns stay as they are."""

    block: Bytes
    named: Positions
    names: list[bytes]
    columns: Positions


def read_named(data: Readable, width: int, faults: FaultList) -> Named:
    """Read `data`; of a line's numbers `width` are kept, and all counted. What is wrong is added to `faults`.

    Raises `Unreadable` for files in other formats and bytes that no text holds.
    """
    refuse_other_formats(data, NAMED_IDS)
    parts: list[Rows] = []
    names: list[bytes] = []
    lines, columns = [], []
    before = 0
    for block in blocks(content(data)):
        cut = _cut(block)
        tokens = tokenize(cut.block)
        faults.look(cut.block, tokens, before + 1)
        rows = padded(tokens, width + 1)
        parts.append(Rows(rows.numbers[cut.named, 1:], rows.lengths[cut.named] - 1))
        names += cut.names
        lines.append(cut.named + before + 1)
        columns.append(cut.columns)
        before += len(tokens.last)
    return Named(joined(parts), names, np.concatenate(lines), np.concatenate(columns))


def aligned(named: Named, roster: Roster, images: int | None, faults: FaultList) -> Rows:
    """The rows in the order of the images. Raises `Unreadable` unless each image has one; with all that `faults` hold."""
    numbers = roster.find(named.names)
    first = _first_rows(numbers)
    again = np.flatnonzero((first[numbers] != np.arange(len(numbers))) & (numbers > 0))
    unknown = np.flatnonzero(numbers == 0)
    faults.add(_unknown(named, unknown, roster), len(unknown))
    faults.add(_again(named, again, first[numbers[again]]), len(again))
    if roster.images is not None:
        missing = np.flatnonzero(np.bincount(numbers, minlength=roster.images + 1)[1:] == 0) + 1
        faults.add((missing_image(roster.name(number)) for number in missing.tolist()), len(missing))
    elif images is not None and images != len(numbers):
        faults.add((wrong_count(images, len(numbers)),), 1)
    faults.refuse()
    return Rows(named.rows.numbers[first[1:]], named.rows.lengths[first[1:]])


def _cut(block: Bytes) -> _Cut:
    """Take the first word of each line for the name of its image."""
    gap = _GAPS[block]
    ends = np.flatnonzero(block == ord("\n"))[PAD:]
    starts = np.append(PAD, ends[:-1] + 1)
    solid, gaps = np.append(np.flatnonzero(~gap), len(block)), np.flatnonzero(gap)
    begins = solid[np.searchsorted(solid, starts)]
    named = np.flatnonzero(begins < ends)
    begins = begins[named]
    stops = gaps[np.searchsorted(gaps, begins)]
    text = block.tobytes()
    names = [text[begin:stop] for begin, stop in zip(begins.tolist(), stops.tolist(), strict=True)]
    return _Cut(_without(block, begins, stops), named, names, begins - starts[named] + 1)


def _without(block: Bytes, begins: Positions, stops: Positions) -> Bytes:
    """`block` with blanks for names, but for a 0 at each one's end. Control characters stay, to be found."""
    edges = np.zeros(len(block), np.int8)
    edges[begins] = 1
    edges[stops] -= 1
    inside = np.cumsum(edges, dtype=np.int8).view(np.bool_)
    blanked = np.where(inside & ~_CONTROLS[block], np.uint8(ord(" ")), block)
    last = stops - 1
    blanked[last[~_CONTROLS[block[last]]]] = ord("0")
    return blanked


def _first_rows(numbers: Numbers) -> Positions:
    """For each number up to the greatest, the first row that has it; the last row's place where none has."""
    first = np.full(int(numbers.max(initial=0)) + 1, len(numbers) - 1, np.intp)
    first[numbers[::-1]] = np.arange(len(numbers))[::-1]
    return first


def _unknown(named: Named, rows: Positions, roster: Roster) -> Iterator[Fault]:
    for row in rows.tolist():
        name = named.names[row]
        alike = roster.alike(name)
        remedy = (
            f"Write {alike}." if alike else f"The images are {roster.name(1)} to {roster.name(roster.images or 1)}."
        )
        sentence = f"{shown(name)} is no image of this split."
        yield Fault("unknown-image", sentence, remedy, int(named.lines[row]), int(named.columns[row]))


def _again(named: Named, rows: Positions, before: Positions) -> Iterator[Fault]:
    for row, other in zip(rows.tolist(), before.tolist(), strict=True):
        sentence = f"{shown(named.names[row])} stands here a second time; the first is line {named.lines[other]:,}."
        yield Fault("duplicate-image", sentence, _ONE_EACH, int(named.lines[row]), int(named.columns[row]))
