"""How far two boxes overlap, in inclusive pixels: the one rule of localization, detection and tracking."""

import numpy as np
from numpy.typing import NDArray

from services.scorer.kernels import kernel

Boxes = NDArray[np.float64]
"""(4, boxes): xmin, ymin, xmax, ymax; both ends belong to the box, so a box of one pixel has xmin = xmax."""


@kernel()
def overlap(left: Boxes, i: int, right: Boxes, j: int) -> float:
    """Intersection over union of box i of `left` and box j of `right`; −1 where they share no pixel (compute_overlap.m:9-18).

    Nothing is clipped to an image, and xmin ≤ xmax is not asked for.
    """
    width = min(left[2, i], right[2, j]) - max(left[0, i], right[0, j]) + 1
    height = min(left[3, i], right[3, j]) - max(left[1, i], right[1, j]) + 1
    if width <= 0 or height <= 0:
        return -1.0
    first = (left[2, i] - left[0, i] + 1) * (left[3, i] - left[1, i] + 1)
    second = (right[2, j] - right[0, j] + 1) * (right[3, j] - right[1, j] + 1)
    shared = width * height
    return float(shared / (first + second - shared))
