"""Sorts detections as the challenge ranks them: by category, then by confidence, the highest first.

Equal confidences stay in the order of images, and within an image in that of the file (eval_detection.m:124, 156, 261).
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Order = NDArray[np.intp]
"""Where each ranked row stands in the file."""


@dataclass(frozen=True, slots=True)
class Ranking:
    """order: (ranked,) rows of the file; starts: (categories + 1,), where each category's rows begin in `order`."""

    order: Order
    starts: NDArray[np.int64]


def rank(
    categories: NDArray[np.int32], images: NDArray[np.int32], confidences: NDArray[np.float64], most: int
) -> Ranking:
    """Rank the rows of the categories 1 … `most`; others are left out. Confidences are numbers or ±inf, never NaN."""
    order = _by(images, np.flatnonzero((categories >= 1) & (categories <= most)))
    order = _by(categories, order)
    starts = np.searchsorted(categories[order], np.arange(1, most + 2)).astype(np.int64)
    for start, stop in pairwise(starts):
        rows = order[start:stop]
        order[start:stop] = rows[np.argsort(-confidences[rows], kind="stable")]
    return Ranking(order, starts)


def _by(numbers: NDArray[np.int32], order: Order) -> Order:
    """`order`, sorted by `numbers` ≥ 0, ties as they are: two digits of 16 bits, which NumPy sorts in linear time."""
    keys = numbers[order]
    if len(keys) == 0 or bool((keys[1:] >= keys[:-1]).all()):
        return order
    order = order[np.argsort(keys.astype(np.uint16), kind="stable")]
    high = numbers[order] >> 16
    return order[np.argsort(high.astype(np.uint16), kind="stable")] if high.any() else order
