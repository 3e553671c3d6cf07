"""Sorts detections as the challenge ranks them: by category, then by confidence, the highest first.

Equal confidences stay in the order of images, and within an image in that of the file (eval_detection.m:124, 156, 261).
Rows are first put together by category, with all that is known of them: what then looks at one category stays in the
processor's caches, however long the file is.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from services.scorer.kernels import COMPILED, kernel

Order = NDArray[np.int64]
"""Rows in the order of their ranks."""

_SIGN = np.uint64(1) << np.uint64(63)
_BYTE = np.uint64(255)


@dataclass(frozen=True, slots=True)
class Parted:
    """Detections category by category, within one as in the file.

    starts: (categories + 1,), where each category begins; images, confidences (n,); corners (4, n).
    """

    starts: NDArray[np.int64]
    images: NDArray[np.int32]
    confidences: NDArray[np.float64]
    corners: NDArray[np.float64]


def part(
    categories: NDArray[np.int32],
    images: NDArray[np.int32],
    confidences: NDArray[np.float64],
    corners: NDArray[np.float64],
    most: int,
) -> Parted:
    """Put rows (n,), corners (4, n), together by category; those of categories other than 1 … `most` are left out."""
    counts = np.bincount(np.where((categories >= 1) & (categories <= most), categories, 0), minlength=most + 1)[1:]
    starts = np.append(0, np.cumsum(counts)).astype(np.int64)
    kept = int(starts[-1])
    parted = Parted(starts, np.empty(kept, np.int32), np.empty(kept), np.empty((4, kept)))
    _place(
        categories, images, np.ascontiguousarray(confidences), np.ascontiguousarray(corners),
        starts[:-1].copy(), parted.images, parted.confidences, parted.corners,
    )  # fmt: skip
    return parted


def _place_in_arrays(
    categories: NDArray[np.int32],
    images: NDArray[np.int32],
    confidences: NDArray[np.float64],
    corners: NDArray[np.float64],
    places: NDArray[np.int64],
    into_images: NDArray[np.int32],
    into_confidences: NDArray[np.float64],
    into_corners: NDArray[np.float64],
) -> None:
    """The same as below, where nothing is compiled."""
    kept = np.flatnonzero((categories >= 1) & (categories <= len(places)))
    rows = kept[np.argsort(categories[kept], kind="stable")]
    into_images[:], into_confidences[:], into_corners[:] = images[rows], confidences[rows], corners[:, rows]


@kernel(
    "void(int32[::1], int32[::1], float64[::1], float64[:,::1], int64[::1], int32[::1], float64[::1], float64[:,::1])"
)
def _place_compiled(
    categories: NDArray[np.int32],
    images: NDArray[np.int32],
    confidences: NDArray[np.float64],
    corners: NDArray[np.float64],
    places: NDArray[np.int64],
    into_images: NDArray[np.int32],
    into_confidences: NDArray[np.float64],
    into_corners: NDArray[np.float64],
) -> None:
    """Copy each row to the next of its category's `places`, (categories,), which are counted up."""
    for row in range(len(categories)):
        category = categories[row] - 1
        if category < 0 or category >= len(places):
            continue
        place = places[category]
        places[category] += 1
        into_images[place], into_confidences[place] = images[row], confidences[row]
        for side in range(4):
            into_corners[side, place] = corners[side, row]


_place = _place_compiled if COMPILED else _place_in_arrays


def rank(parted: Parted) -> Order:
    """(n,) the rows of `parted`, category by category. Confidences are numbers or ±inf, never NaN."""
    order = np.empty(len(parted.images), np.int64)
    _rank(parted.images, parted.confidences, parted.starts, order)
    return order


def _rank_in_arrays(
    images: NDArray[np.int32], confidences: NDArray[np.float64], starts: NDArray[np.int64], order: Order
) -> None:
    """The same as below, where nothing is compiled."""
    for start, stop in pairwise(starts):
        order[start:stop] = start + np.lexsort((images[start:stop], -confidences[start:stop]))


@kernel()
def _falling(confidence: np.float64) -> np.uint64:
    """A number that is the smaller, the greater the confidence is."""
    # Minus zero becomes zero: they are equal, and would be told apart by their bits.
    bits = np.float64(confidence + 0.0).view(np.uint64)
    return bits if bits & _SIGN else ~(bits | _SIGN)


@kernel()
def _sort(
    keys: NDArray[np.uint64], rows: Order, other_keys: NDArray[np.uint64], other_rows: Order, counts: NDArray[np.int64]
) -> None:
    """Sort `rows` by their `keys`, ties as they are: byte by byte from the last, passing over those that are all alike.

    That takes a time in proportion to the rows. counts: (8, 256), room to count in; `other_…`: as long as the rows.
    """
    counts[:] = 0
    for key in keys:
        for byte in range(8):
            counts[byte, (key >> np.uint64(8 * byte)) & _BYTE] += 1
    for byte in range(8):
        shift, places, total = np.uint64(8 * byte), counts[byte], 0
        if places[(keys[0] >> shift) & _BYTE] == len(keys):
            continue
        for digit in range(256):
            total, places[digit] = total + places[digit], total
        for i in range(len(keys)):
            digit = (keys[i] >> shift) & _BYTE
            other_keys[places[digit]], other_rows[places[digit]] = keys[i], rows[i]
            places[digit] += 1
        keys[:], rows[:] = other_keys, other_rows


@kernel("void(int32[::1], float64[::1], int64[::1], int64[::1])")
def _rank_compiled(
    images: NDArray[np.int32], confidences: NDArray[np.float64], starts: NDArray[np.int64], order: Order
) -> None:
    """Fill `order`, category by category: first by image, where they are not in that order, then by confidence."""
    widest = 0
    for category in range(len(starts) - 1):
        widest = max(widest, starts[category + 1] - starts[category])
    all_keys, all_other_keys = np.empty(widest, np.uint64), np.empty(widest, np.uint64)
    all_other_rows, counts = np.empty(widest, np.int64), np.empty((8, 256), np.int64)
    for category in range(len(starts) - 1):
        start, size = starts[category], starts[category + 1] - starts[category]
        if size == 0:
            continue
        rows = order[start : start + size]
        keys, other_keys, other_rows = all_keys[:size], all_other_keys[:size], all_other_rows[:size]
        in_order = True
        for i in range(size):
            rows[i] = start + i
            keys[i] = images[start + i]
            in_order = in_order and (i == 0 or keys[i] >= keys[i - 1])
        if not in_order:
            _sort(keys, rows, other_keys, other_rows, counts)
        for i in range(size):
            keys[i] = _falling(confidences[rows[i]])
        _sort(keys, rows, other_keys, other_rows, counts)


_rank = _rank_compiled if COMPILED else _rank_in_arrays
