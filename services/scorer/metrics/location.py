"""Which guesses of localization found an object: label right and box right, at once (eval_clsloc.m:121-147).

Between the readers and the losses. A guess whose box misses is as good as none, so that one formula
(`losses.errors_by_guesses`) gives the errors of classification and of localization.
"""

import numpy as np
from numpy.typing import NDArray

from services.scorer.kernels import kernel
from services.scorer.metrics.overlap import Boxes, overlap

ENOUGH = 0.5
"""The overlap that a box must reach; exactly so much will do (eval_clsloc.m:139)."""

Labels = NDArray[np.int32]


@kernel(
    "void(int32[:,::1], float64[:,::1], int64[::1], int32[::1], float64[:,::1], int32[:,::1])",
)
def keep_found(
    guesses: Labels,
    boxes: Boxes,
    starts: NDArray[np.int64],
    labels: Labels,
    instances: Boxes,
    found: Labels,
) -> None:
    """Fill `found` with the guesses whose boxes overlap an instance of their label enough; 0 for the others.

    guesses, found: (images, k), 0 where there is none. boxes: (4, images · k). The instances of image i are
    `starts[i]` to `starts[i + 1]`, with their `labels`, (instances,), and boxes, (4, instances).
    """
    images, width = guesses.shape
    for image in range(images):
        for rank in range(width):
            found[image, rank] = 0
            label = guesses[image, rank]
            for instance in range(starts[image], starts[image + 1]):
                if labels[instance] != label or label == 0:
                    continue
                if overlap(boxes, image * width + rank, instances, instance) >= ENOUGH:
                    found[image, rank] = label
                    break
