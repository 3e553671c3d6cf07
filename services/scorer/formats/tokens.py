"""Finds every whole number in a block of lines, with array operations over its bytes.

Second step of reading: recognise → blocks → tokens → rows. Bytes that belong to no number are not judged here
but in `faults`; a block that may hold some says so.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.scorer.formats.blocks import PAD, Bytes

LARGEST = 2**31 - 1
"""The greatest number a file may hold."""

_NEWLINE, _SPACE, _ZERO = np.uint8(10), np.uint8(32), np.uint8(48)
_ENDS_LINE = np.uint16(0x80)
"""Marks the entry at a line's end; the two digits below it leave the bit free."""

Mask = NDArray[np.bool_]
Positions = NDArray[np.intp]


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
    digit = text - _ZERO
    is_digit, is_newline = digit < 10, text == _NEWLINE
    positions = _ends(is_digit, is_newline)
    entries = _last_four_digits(digit, is_digit, is_newline).take(positions)
    last = np.flatnonzero((entries & _ENDS_LINE) != 0)
    values: NDArray[np.integer] = (entries >> 8) * np.uint16(100) + (entries & np.uint16(0x7F))
    too_large = np.empty(0, np.intp)
    if (five := _five_digits(is_digit)).any():
        values, too_large = _widened(values, np.flatnonzero(five[positions - 5]), positions, digit, is_digit)
    lengths = np.diff(last, prepend=-1)
    if np.count_nonzero(is_digit[:-1] > is_digit[1:]) < len(positions):
        bare = ~is_digit[positions[last] - 1]
        lengths -= bare
        values[last[bare]] = 0
    seen = np.count_nonzero(is_digit) + np.count_nonzero(text == _SPACE) + len(last) + PAD
    return Tokens(values, last, lengths, too_large, plain=seen == len(text) and bool(lengths.all()))


def _ends(is_digit: Mask, is_newline: Mask) -> Positions:
    """The position of each byte that ends a number (the one after its last digit) or a line."""
    ends = is_newline.copy()
    ends[1:] |= is_digit[:-1]
    ends[:PAD] = False
    return np.flatnonzero(ends > is_digit)


def _last_four_digits(digit: Bytes, is_digit: Mask, is_newline: Mask) -> NDArray[np.uint16]:
    """At each byte, the number that ends just before it (0 if none): hundreds in the high byte, ones in the low.

    Only the last four digits are read. Single bytes hold two digits each, which makes this quick.
    """
    one = is_digit.view(np.uint8)
    ones = digit * one
    pairs = ones[:-1] * np.uint8(10)
    pairs += ones[1:]
    pairs *= one[1:]
    low = is_newline.view(np.uint8)[4:] * np.uint8(_ENDS_LINE)
    low += pairs[2:-1]
    entries = np.zeros(len(digit), np.uint16)
    entries[4:] = pairs[:-3] * one[2:-2]
    entries *= np.uint16(256)
    entries[4:] += low.astype(np.uint16)
    return entries


def _five_digits(is_digit: Mask) -> Mask:
    """At each byte whether five digits stand there and behind it."""
    two = is_digit[1:] & is_digit[:-1]
    four = two[2:] & two[:-2]
    return four[1:] & is_digit[:-4]


def _widened(
    values: NDArray[np.integer], which: Positions, positions: Positions, digit: Bytes, is_digit: Mask
) -> tuple[NDArray[np.integer], Positions]:
    """`values` with the long numbers `which` read in full, leading zeros aside; where those above `LARGEST` start."""
    ends = positions[which]
    gaps = np.flatnonzero(~is_digit)
    starts = gaps[np.searchsorted(gaps, ends) - 1] + 1
    nonzero = np.append(np.flatnonzero(is_digit & (digit > 0)), len(digit))
    sizes = ends - np.minimum(nonzero[np.searchsorted(nonzero, starts)], ends)
    wide = np.zeros(len(which), np.int64)
    for power in range(10):
        wide += np.where(power < sizes, digit[ends - 1 - power], 0) * np.int64(10**power)
    over = (sizes > 10) | (wide > LARGEST)
    widened = values.astype(np.int32)
    widened[which] = np.where(over, 0, wide)
    return widened, starts[over]
