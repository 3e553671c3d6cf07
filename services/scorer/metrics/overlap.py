"""How far two boxes overlap, in inclusive pixels: the one rule of localization, detection and tracking."""

import numpy as np
from numpy.typing import NDArray

from services.scorer.kernels import kernel

Boxes = NDArray[np.float64]
"""(boxes, 4): xmin, ymin, xmax, ymax; both ends belong to the box, so a box of one pixel has xmin = xmax."""


@kernel()
def overlap(left: Boxes, i: int, right: Boxes, j: int) -> float:
    """Intersection over union of `left[i]` and `right[j]`; −1 where they share no pixel (compute_overlap.m:9-18).

    Nothing is clipped to an image, and xmin ≤ xmax is not asked for.
    """
    width = min(left[i, 2], right[j, 2]) - max(left[i, 0], right[j, 0]) + 1
    height = min(left[i, 3], right[j, 3]) - max(left[i, 1], right[j, 1]) + 1
    if width <= 0 or height <= 0:
        return -1.0
    first = (left[i, 2] - left[i, 0] + 1) * (left[i, 3] - left[i, 1] + 1)
    second = (right[j, 2] - right[j, 0] + 1) * (right[j, 3] - right[j, 1] + 1)
    shared = width * height
    return float(shared / (first + second - shared))
