"""Reads JSON rows of numbers that are all spelled as the first one is, as programs write them; says None to all else.

First try of `json_boxes`: what stands between the numbers of the first row, byte by byte, must stand so in every row.
"""

import json
import re
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.scorer.formats.blocks import BLOCK_BYTES, Bytes
from services.scorer.formats.decimals import MOST_DIGITS, decimal
from services.scorer.formats.table import Decimals
from services.scorer.formats.table_kernel import DECIMAL, SIGNED, power_of_ten
from services.scorer.formats.tokens import LARGEST
from services.scorer.kernels import COMPILED, TEXT, kernel

_NUMBER = re.compile(rb"-?[0-9][0-9.eE+-]*")
_HEAD = re.compile(rb'[ \t\r\n]*(\{[ \t\r\n]*"predictions"[ \t\r\n]*:[ \t\r\n]*)?\[[ \t\r\n]*(?=[\[{])')
_TAIL = re.compile(rb"[ \t\r\n]*\][ \t\r\n]*(\}[ \t\r\n]*)?$")
_BETWEEN = re.compile(rb"[ \t\r\n]*,[ \t\r\n]*")

ENDS_BYTES = 4096
"""The first row, and what stands in front of it; and as much of the end."""

_CLOSE, _MINUS, _DOT, _ZERO, _NINE, _E, _CASE = 93, 45, 46, 48, 57, 101, 32

Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Alike:
    """values: (numbers of a row, rows), as they stand there; starts: (rows,); row: the first, with numbers' places for
    numbers."""

    values: Decimals
    starts: Integers
    row: Any


def read_alike(text: Bytes, kinds_of: Any) -> Alike | None:
    """Read `text`. kinds_of: from `Alike.row` the kind of each number, or None where the row is not wanted."""
    head = text[:ENDS_BYTES].tobytes()
    opened, closed = _HEAD.match(head), _TAIL.search(text[-ENDS_BYTES:].tobytes())
    if not COMPILED or not opened or not closed or bool(opened[1]) != bool(closed[1]):
        return None
    first = _first_row(head, opened.end())
    kinds = kinds_of(first.row) if first else None
    if first is None or kinds is None:
        return None
    stop = len(text) - min(len(text), ENDS_BYTES) + closed.start()
    rows = _closed(text) - 1
    values, starts = np.empty((len(kinds), rows)), np.empty(rows, np.int64)
    found = _read(text, opened.end(), stop, first.letters, first.ends, np.array(kinds, np.int64), values, starts)
    return Alike(values, starts, first.row) if found == rows else None


@dataclass(frozen=True, slots=True)
class _Row:
    """How a row is spelled: all `letters` that are no numbers, where in them each number stands, and the last one ends;
    then what stands between two rows."""

    letters: Bytes
    ends: Integers
    row: Any


def _first_row(head: bytes, start: int) -> _Row | None:
    try:
        _, stop = json.JSONDecoder().raw_decode(head.decode("latin1"), start)
        row = json.loads(_numbered(head[start:stop]))
    except (ValueError, RecursionError):
        return None
    between = _BETWEEN.match(head, stop)
    pieces = [*_NUMBER.split(head[start:stop]), between[0] if between else b""]
    ends = np.cumsum([len(piece) for piece in pieces]).astype(np.int64)
    return _Row(np.frombuffer(b"".join(pieces), np.uint8), ends, row)


def _numbered(row: bytes) -> bytes:
    """Each number replaced by its place, from 0."""
    places = iter(range(len(row)))
    return _NUMBER.sub(lambda _: b"%d" % next(places), row)


def _closed(text: Bytes) -> int:
    """How many brackets are closed: one of each row, and one of the list."""
    starts = range(0, len(text), BLOCK_BYTES)
    return sum(int(np.count_nonzero(text[start : start + BLOCK_BYTES] == _CLOSE)) for start in starts)


@kernel()
def _digit_at(text: Bytes, place: int, stop: int) -> bool:
    return place < stop and _ZERO <= text[np.uint64(place)] <= _NINE


@kernel()
def _value(text: Bytes, place: int, stop: int, kind: int) -> tuple[float, int]:
    """The number that starts at `place`, and where it ends; −1 where it is none of JSON's, or none of this kind."""
    negative = place < stop and text[np.uint64(place)] == _MINUS
    first = place + negative
    number, significant, place = 0, 0, first
    while _digit_at(text, place, stop):
        number = number * 10 + text[np.uint64(place)] - _ZERO
        significant += number != 0
        place += 1
    zero_first = place > first and text[np.uint64(first)] == _ZERO
    if place == first or (zero_first and place > first + 1) or (negative and kind < SIGNED):
        return 0.0, -1
    whole, exponent, point = place, 0, place
    if place < stop and text[np.uint64(place)] == _DOT:
        place += 1
        point = place
        while _digit_at(text, place, stop):
            number = number * 10 + text[np.uint64(place)] - _ZERO
            significant += number != 0
            place += 1
        exponent = point - place
        if exponent == 0:
            return 0.0, -1
    if place < stop and text[np.uint64(place)] | _CASE == _E:
        power, end = power_of_ten(text, place + 1, stop)
        if end == place + 1:
            return 0.0, -1
        exponent, place = exponent + power, end
    if significant > MOST_DIGITS or (place == whole and number > LARGEST) or (place > whole and kind < DECIMAL):
        return 0.0, -1
    value, sure = decimal(number, exponent)
    return (-value if negative else value), (place if sure else -1)


@kernel()
def _passed(text: Bytes, place: int, stop: int, letters: Bytes, first: int, last: int) -> int:
    """Where `letters` from `first` to `last`, which stand at `place`, end; −1 where they do not stand there."""
    if place < 0 or stop - place < last - first:
        return -1
    for index in range(first, last):
        if text[np.uint64(place)] != letters[np.uint64(index)]:
            return -1
        place += 1
    return place


@kernel(f"int64({TEXT}, int64, int64, {TEXT}, int64[::1], int64[::1], float64[:,::1], int64[::1])")
def _read(
    text: Bytes,
    place: int,
    stop: int,
    letters: Bytes,
    ends: Integers,
    kinds: Integers,
    values: Decimals,
    starts: Integers,
) -> int:
    """How many rows were read; −1 where one is spelled otherwise, or there are more than room."""
    numbers, row = len(kinds), 0
    while True:
        if row == len(starts):
            return -1
        starts[row], first = place, 0
        for column in range(numbers):
            place = _passed(text, place, stop, letters, first, ends[column])
            if place < 0:
                return -1
            value, place = _value(text, place, stop, kinds[column])
            values[column, row], first = value, ends[column]
        place = _passed(text, place, stop, letters, first, ends[numbers])
        row += 1
        if place == stop:
            return row
        place = _passed(text, place, stop, letters, ends[numbers], ends[numbers + 1])
        if place < 0:
            return -1
