"""Finds every whole number in a block of lines, in one pass over its bytes.

Second step of reading: recognise → blocks → tokens → rows. Bytes that belong to no number are not judged here
but in `faults`; a block that may hold some says so. Where nothing is compiled, `token_arrays` does the same.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.scorer.formats.blocks import PAD, Bytes
from services.scorer.formats.token_arrays import Found, Mask, Positions, scan_in_arrays
from services.scorer.kernels import COMPILED, kernel

__all__ = ["LARGEST", "Mask", "Positions", "Tokens", "tokenize"]

LARGEST = 2**31 - 1
"""The greatest number a file may hold."""

_NONE, _ONE, _NINE, _TEN, _ZERO = (np.uint64(number) for number in (0, 1, 9, 10, ord("0")))
_NEWLINE, _SPACE = (np.uint64(ord(mark) - ord("0") + 2**64) for mark in "\n ")
"""Unsigned, as all of the loop: then one comparison tells a digit, and an index needs no look at its sign. What is no
digit is its distance from 0, beyond the largest number and round to there."""

_SURE_DIGITS = np.uint64(18)
"""So many fit into 64 bits, whatever they are."""

_LARGE_BYTES = 11
"""A number above `LARGEST`, and a byte before it."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """The numbers of a block, line after line.

    values: one per number, and a 0 for a line end that follows no number directly (after a space, say).
    last: for each line, the index in `values` of its last entry; lengths: how many numbers each line holds.
    too_large: where in the block numbers above `LARGEST` start. plain: only digits, spaces and line ends were seen,
    and no line was without a number.
    """

    values: NDArray[np.integer]
    last: Positions
    lengths: Positions
    too_large: Positions
    plain: bool


def tokenize(text: Bytes) -> Tokens:
    """Read a block (`blocks.blocks`)."""
    return Tokens(*_scan(text))


def _scan_compiled(text: Bytes) -> Found:
    lines = int(np.count_nonzero(text == ord("\n")))
    values, last, lengths = np.empty(len(text), np.int32), np.empty(lines, np.intp), np.empty(lines, np.intp)
    too_large, counts = np.empty(len(text) // _LARGE_BYTES + 1, np.intp), np.empty(4, np.int64)
    _scan_bytes(text, values, last, lengths, too_large, counts)
    numbers, lines, large, plain = counts.tolist()
    # Copied, so that the next block finds the room for the worst case free, and still in cache.
    return values[:numbers].copy(), last[:lines], lengths[:lines], too_large[:large], bool(plain)


@kernel()
def _long_number(text: Bytes, place: Any, stop: Any) -> int:
    """The number of many digits between `place` and `stop`; above `LARGEST` it is any number above."""
    number = 0
    for index in range(place, stop):
        number = number * 10 + int(text[np.uint64(index)] - _ZERO)
        if number > LARGEST:
            return number
    return number


@kernel("void(uint8[::1], int32[::1], int64[::1], int64[::1], int64[::1], int64[::1])")
def _scan_bytes(  # noqa: C901  (one loop over the bytes)
    text: Bytes,
    values: NDArray[np.int32],
    last: Positions,
    lengths: Positions,
    too_large: Positions,
    counts: NDArray[np.int64],
) -> None:
    """Fill everything; counts: how many values, lines and numbers above `LARGEST` there are, and whether it is plain."""
    size, place, count, line_start, lines = np.uint64(len(text)), np.uint64(PAD), _NONE, _NONE, _NONE
    large, plain = 0, True
    while size > place and np.uint64(text[size - _ONE]) - _ZERO <= _NINE:
        size -= _ONE  # what no line end follows is not read: numbers end before `size`
    while place < size:
        start, number, digit = place, np.uint64(0), np.uint64(text[place]) - _ZERO
        while digit <= _NINE:
            number = number * _TEN + digit
            place += _ONE
            digit = np.uint64(text[place]) - _ZERO
        bare = place == start
        if not bare:
            if place - start > _SURE_DIGITS:
                number = np.uint64(_long_number(text, start, place))
            if number > LARGEST:
                number, too_large[large] = np.uint64(0), start
                large += 1
            values[count] = number
            count += _ONE
        if digit == _NEWLINE:
            length = count - line_start
            if length == 0:
                plain = False
            if bare:
                values[count] = 0
                count += _ONE
            last[lines], lengths[lines] = count - _ONE, length
            lines, line_start = lines + _ONE, count
        elif digit != _SPACE:
            plain = False
        place += _ONE
    counts[0], counts[1], counts[2], counts[3] = count, lines, large, plain


def _scan_without(text: Bytes) -> Found:
    return scan_in_arrays(text, LARGEST)


_scan = _scan_compiled if COMPILED else _scan_without
