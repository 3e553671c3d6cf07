"""Sorts detections as the challenge ranks them: by category, then by confidence, the highest first.

Equal confidences stay in the order of images, and within an image in that of the file (eval_detection.m:124, 156, 261).
Digit by digit, from the last to the first: that takes a time in proportion to the rows, and keeps ties as they are.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from services.scorer.kernels import COMPILED, kernel

Order = NDArray[np.int64]
"""Where each ranked row stands in the file."""

_SIGN = np.uint64(1) << np.uint64(63)
_BYTE = np.uint64(255)
_DIGIT_BITS, _DIGITS = 16, 2**16
"""Of numbers; of confidences a digit is a byte, because there are few to a category."""


@dataclass(frozen=True, slots=True)
class Ranking:
    """order: (ranked,) rows of the file; starts: (categories + 1,), where each category's rows begin in `order`."""

    order: Order
    starts: NDArray[np.int64]


def rank(
    categories: NDArray[np.int32], images: NDArray[np.int32], confidences: NDArray[np.float64], most: int
) -> Ranking:
    """Rank the rows of the categories 1 … `most`; others are left out. Confidences are numbers or ±inf, never NaN."""
    order = np.flatnonzero((categories >= 1) & (categories <= most)).astype(np.int64, copy=False)
    order = _by(categories, _by(images, order))
    starts = np.searchsorted(categories[order], np.arange(1, most + 2)).astype(np.int64)
    _by_confidence(np.ascontiguousarray(confidences), starts, order)
    return Ranking(order, starts)


def _by(numbers: NDArray[np.int32], order: Order) -> Order:
    """`order`, sorted by `numbers` ≥ 0, ties as they are."""
    keys = numbers[order]
    if len(keys) == 0 or bool((keys[1:] >= keys[:-1]).all()):
        return order
    for shift in range(0, int(keys.max()).bit_length(), _DIGIT_BITS):
        order = _by_digit(numbers, order, shift)
    return order


def _by_digit_compiled(numbers: NDArray[np.int32], order: Order, shift: int) -> Order:
    into = np.empty_like(order)
    _place_by_digit(numbers, order, shift, into)
    return into


def _by_digit_in_arrays(numbers: NDArray[np.int32], order: Order, shift: int) -> Order:
    """The same where nothing is compiled: NumPy sorts 16 bits in linear time."""
    return order[np.argsort((numbers[order] >> shift).astype(np.uint16), kind="stable")]


_by_digit = _by_digit_compiled if COMPILED else _by_digit_in_arrays


@kernel("void(int32[::1], int64[::1], int64, int64[::1])")
def _place_by_digit(numbers: NDArray[np.int32], order: Order, shift: int, into: Order) -> None:
    """Fill `into` with `order`, sorted by 16 bits of `numbers`."""
    places = np.zeros(_DIGITS + 1, np.int64)
    for row in order:
        places[((numbers[row] >> shift) & (_DIGITS - 1)) + 1] += 1
    for digit in range(1, _DIGITS):
        places[digit] += places[digit - 1]
    for row in order:
        digit = (numbers[row] >> shift) & (_DIGITS - 1)
        into[places[digit]] = row
        places[digit] += 1


def _by_confidence_in_arrays(confidences: NDArray[np.float64], starts: NDArray[np.int64], order: Order) -> None:
    """The same as below, where nothing is compiled."""
    for start, stop in pairwise(starts):
        rows = order[start:stop]
        order[start:stop] = rows[np.argsort(-confidences[rows], kind="stable")]


def _by_confidence_compiled(confidences: NDArray[np.float64], starts: NDArray[np.int64], order: Order) -> None:
    # Minus zero becomes zero: they are equal, and would be told apart by their bits.
    _sort_by_bits((confidences + 0.0).view(np.uint64), starts, order)


_by_confidence = _by_confidence_compiled if COMPILED else _by_confidence_in_arrays
"""Sorts each category's rows in place, the highest confidence first."""


@kernel()
def _falling(bits: np.uint64) -> np.uint64:
    """The bits of a double as a number that is the smaller, the greater the double is."""
    return bits if bits & _SIGN else ~(bits | _SIGN)


@kernel("void(uint64[::1], int64[::1], int64[::1])")
def _sort_by_bits(bits: NDArray[np.uint64], starts: NDArray[np.int64], order: Order) -> None:
    """Category by category, byte by byte; a byte in which a category's confidences do not differ is passed over."""
    widest = 0
    for category in range(len(starts) - 1):
        widest = max(widest, starts[category + 1] - starts[category])
    keys, other_keys, other_rows = np.empty(widest, np.uint64), np.empty(widest, np.uint64), np.empty(widest, np.int64)
    counts = np.empty((8, 256), np.int64)
    for category in range(len(starts) - 1):
        rows = order[starts[category] : starts[category + 1]]
        counts[:] = 0
        for i in range(len(rows)):
            keys[i] = _falling(bits[rows[i]])
            for byte in range(8):
                counts[byte, (keys[i] >> np.uint64(8 * byte)) & _BYTE] += 1
        for byte in range(8):
            shift, places, total = np.uint64(8 * byte), counts[byte], 0
            if len(rows) == 0 or places[(keys[0] >> shift) & _BYTE] == len(rows):
                continue
            for digit in range(256):
                total, places[digit] = total + places[digit], total
            for i in range(len(rows)):
                digit = (keys[i] >> shift) & _BYTE
                other_keys[places[digit]], other_rows[places[digit]] = keys[i], rows[i]
                places[digit] += 1
            keys, other_keys = other_keys, keys
            rows[:] = other_rows[: len(rows)]
