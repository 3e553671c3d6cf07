"""Decides which detections hit an object: the rule of eval_detection.m, identical in the kits of 2014 to 2017.

In the order of the ranking, a detection takes that object of its category and image which it overlaps most, among those
that nobody has taken and that it overlaps enough; of equal overlaps, the first in the truth's file. (PASCAL VOC's rule
differs: there an object that is taken still attracts.)
"""

import numpy as np
from numpy.typing import NDArray

from services.scorer.kernels import kernel
from services.scorer.metrics.overlap import overlap

MISS, HIT, EXCLUDED = 0, 1, 2
"""What a detection turns out to be; an excluded one is neither right nor wrong, and keeps its place."""

Outcomes = NDArray[np.int8]


def thresholds(corners: NDArray[np.float64]) -> NDArray[np.float64]:
    """The overlap each object asks for: half, or less where 5 pixels of slack around it are more (:31-32, 88-91)."""
    xmin, ymin, xmax, ymax = corners
    width, height = xmax - xmin + 1, ymax - ymin + 1
    least: NDArray[np.float64] = np.minimum(0.5, (width * height) / ((width + 10) * (height + 10)))
    return least


@kernel()
def _best(
    corners: NDArray[np.float64],
    i: int,
    first: int,
    j: int,
    image: int,
    true_images: NDArray[np.int32],
    true_corners: NDArray[np.float64],
    least: NDArray[np.float64],
    taken: Outcomes,
) -> int:
    """The free object that box `i` hits, of those of its image, which end with `j`; -1 for none."""
    best, most = -1, -1.0
    while j >= first and true_images[j] == image:
        share = overlap(corners, i, true_corners, j)
        # Backwards, so that of equal ones the first in the file stays.
        if taken[j] == 0 and share >= least[j] and share >= most:
            best, most = j, share
        j -= 1
    return best


@kernel(
    "void(int64[::1], int64[::1], int32[::1], float64[:,::1], int64[::1], int32[::1], float64[:,::1], float64[::1],"
    " int64[::1], int32[::1], int64[::1], int8[::1], int8[::1])"
)
def match(
    order: NDArray[np.int64],
    starts: NDArray[np.int64],
    images: NDArray[np.int32],
    corners: NDArray[np.float64],
    true_starts: NDArray[np.int64],
    true_images: NDArray[np.int32],
    true_corners: NDArray[np.float64],
    least: NDArray[np.float64],
    excluded_starts: NDArray[np.int64],
    excluded_images: NDArray[np.int32],
    ends: NDArray[np.int64],
    taken: Outcomes,
    outcomes: Outcomes,
) -> None:
    """Fill `outcomes`, one for each place of `order`, and `taken`, one for each object.

    Objects (true_…) and excluded images stand category by category, objects within one by image; `…starts` say where
    each category begins. `ends`: zeros, one for each image's index in the truth, 0 included; left as zeros.
    """
    for category in range(len(starts) - 1):
        first, last = true_starts[category], true_starts[category + 1]
        for j in range(first, last):
            ends[true_images[j]] = j + 1
        for j in range(excluded_starts[category], excluded_starts[category + 1]):
            ends[excluded_images[j]] = -1
        for place in range(starts[category], starts[category + 1]):
            i = order[place]
            image = images[i]
            end = ends[image] if image < len(ends) else 0
            if end < 0:
                outcomes[place] = EXCLUDED
                continue
            best = _best(corners, i, first, end - 1, image, true_images, true_corners, least, taken)
            if best >= 0:
                outcomes[place] = HIT
                taken[best] = 1
        for j in range(first, last):
            ends[true_images[j]] = 0
        for j in range(excluded_starts[category], excluded_starts[category + 1]):
            ends[excluded_images[j]] = 0
