"""Finds every whole number in a block of lines, with array operations over its bytes: for want of a compiled loop.

What `tokens` does where nothing is compiled; in plain Python its loop would take seconds.
"""

import numpy as np
from numpy.typing import NDArray

from services.scorer.formats.blocks import PAD, Bytes

_NEWLINE, _SPACE, _ZERO = np.uint8(10), np.uint8(32), np.uint8(48)
_ENDS_LINE = np.uint16(0x80)
"""Marks the entry at a line's end; the two digits below it leave the bit free."""

Mask = NDArray[np.bool_]
Positions = NDArray[np.intp]
Found = tuple[NDArray[np.integer], Positions, Positions, Positions, bool]
"""The parts of `tokens.Tokens`: values, last, lengths, too_large, plain."""


def scan_in_arrays(text: Bytes, largest: int) -> Found:
    """Read a block (`blocks.blocks`): the parts of `Tokens`."""
    digit = text - _ZERO
    is_digit, is_newline = digit < 10, text == _NEWLINE
    positions = _ends(is_digit, is_newline)
    entries = _last_four_digits(digit, is_digit, is_newline).take(positions)
    last = np.flatnonzero((entries & _ENDS_LINE) != 0)
    values: NDArray[np.integer] = (entries >> 8) * np.uint16(100) + (entries & np.uint16(0x7F))
    too_large = np.empty(0, np.intp)
    if (five := _five_digits(is_digit)).any():
        values, too_large = _widened(values, np.flatnonzero(five[positions - 5]), positions, digit, is_digit, largest)
    lengths = np.diff(last, prepend=-1)
    if np.count_nonzero(is_digit[:-1] > is_digit[1:]) < len(positions):
        bare = ~is_digit[positions[last] - 1]
        lengths -= bare
        values[last[bare]] = 0
    seen = np.count_nonzero(is_digit) + np.count_nonzero(text == _SPACE) + len(last) + PAD
    return values, last, lengths, too_large, seen == len(text) and bool(lengths.all())


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
    values: NDArray[np.integer], which: Positions, positions: Positions, digit: Bytes, is_digit: Mask, largest: int
) -> tuple[NDArray[np.integer], Positions]:
    """`values` with the long numbers `which` read in full, leading zeros aside; where those above `largest` start."""
    ends = positions[which]
    gaps = np.flatnonzero(~is_digit)
    starts = gaps[np.searchsorted(gaps, ends) - 1] + 1
    nonzero = np.append(np.flatnonzero(is_digit & (digit > 0)), len(digit))
    sizes = ends - np.minimum(nonzero[np.searchsorted(nonzero, starts)], ends)
    wide = np.zeros(len(which), np.int64)
    for power in range(10):
        wide += np.where(power < sizes, digit[ends - 1 - power], 0) * np.int64(10**power)
    over = (sizes > 10) | (wide > largest)
    widened = values.astype(np.int32)
    widened[which] = np.where(over, 0, wide)
    return widened, starts[over]
