"""Reads a text file of whole numbers, one line per image, into an array of one row per image.

Last step of reading: recognise → blocks → tokens → rows; what has nothing unusual about it goes by
`usual_rows` alone. The grammar: lines end in LF or CRLF; numbers are digits
only, separated by spaces, tabs or single commas; no line is blank, except at the end of the file.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.scorer.formats.blocks import Readable, blocks, content
from services.scorer.formats.faults import FaultList
from services.scorer.formats.recognise import refuse_other_formats
from services.scorer.formats.tokens import Tokens, tokenize
from services.scorer.formats.usual_rows import read_usual_rows

Numbers = NDArray[np.integer[Any]]


@dataclass(frozen=True, slots=True)
class Rows:
    """numbers: (lines, width) int32, 0 where a line is shorter; lengths: (lines,) int32, how many numbers each line holds."""

    numbers: Numbers
    lengths: Numbers


def read_rows(data: Readable, width: int | None = None, lines: int | None = None) -> Rows:
    """Read `data`; numbers beyond `width` in a line are dropped (but counted), None keeps all.

    Raises `Unreadable` with every fault counted: other formats, bytes that are no number, blank lines, and a number
    of lines other than `lines`. Memory: what is returned, and a few blocks.
    """
    refuse_other_formats(data)
    text = content(data)
    if width is not None and lines is not None and (usual := read_usual_rows(text, width, lines)):
        return Rows(*usual)
    faults = FaultList()
    kept: list[Tokens | Rows] = []
    found = 0
    for block in blocks(text):
        tokens = tokenize(block)
        faults.look(block, tokens, found + 1)
        if lines is None or found < lines:
            kept.append(tokens if width is None else padded(tokens, width))
        found += len(tokens.last)
    faults.expect_lines(lines, found)
    faults.refuse()
    width = max((int(part.lengths.max()) for part in kept), default=0) if width is None else width
    return joined([part if isinstance(part, Rows) else padded(part, width) for part in kept])


def padded(tokens: Tokens, width: int) -> Rows:
    """Each line's numbers side by side, cut or filled with 0 to `width`."""
    values, last = tokens.values, tokens.last
    step, rest = divmod(len(values), len(last))
    if not rest and step >= width and np.array_equal(last, np.arange(step - 1, len(values), step)):
        return Rows(values.reshape(-1, step)[:, :width], tokens.lengths)
    column = np.arange(width)
    places = np.append(0, last[:-1] + 1)[:, None] + column
    inside = column < tokens.lengths[:, None]
    return Rows(np.where(inside, values[np.minimum(places, len(values) - 1)], 0), tokens.lengths)


def joined(parts: list[Rows]) -> Rows:
    numbers = np.concatenate([part.numbers for part in parts], dtype=np.int32)
    return Rows(numbers, np.concatenate([part.lengths for part in parts], dtype=np.int32))
