"""How well the objects of images were found: ranks, matches and measures detections, category by category.

What detection and video detection share: arrays in, arrays out. ranking → matching → average_precision → resampling.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.scorer.metrics.average_precision import Area, area
from services.scorer.metrics.matching import HIT, Outcomes, match, thresholds
from services.scorer.metrics.ranking import part, rank

Images = NDArray[np.int32]
Corners = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Objects:
    """The truth: objects by category, within one by image, within that as in the file.

    starts: (categories + 1,), where each category begins. images (n,), corners (4, n), least (n,): the overlap each asks
    for. excluded_starts, excluded_images: the images in which a category is not judged. counts: (categories,), how many
    objects each category has to be found.
    """

    starts: NDArray[np.int64]
    images: Images
    corners: Corners
    least: NDArray[np.float64]
    excluded_starts: NDArray[np.int64]
    excluded_images: Images
    kept: NDArray[np.bool_]
    counts: NDArray[np.int64]

    @property
    def categories(self) -> int:
        """The largest category that has an object: the official code judges no more."""
        return len(self.starts) - 1


@dataclass(frozen=True, slots=True)
class Judged:
    """Detections as they were ranked: images, outcomes (n,), and where each category begins (categories + 1,)."""

    starts: NDArray[np.int64]
    images: Images
    outcomes: Outcomes

    def of(self, category: int) -> slice:
        """Where the detections of a category (from 0) are."""
        return slice(int(self.starts[category]), int(self.starts[category + 1]))


def objects(images: Images, categories: Images, corners: Corners, excluded: NDArray[np.int32]) -> Objects:
    """Arrange a truth. excluded: (pairs, 2), image and category, sorted by category."""
    order = np.lexsort((images, categories))
    most = int(categories.max(initial=0))
    bounds = np.arange(1, most + 2)
    pairs = excluded[(excluded[:, 1] >= 1) & (excluded[:, 1] <= most)]
    kept = ~_among(images[order], categories[order], pairs)
    return Objects(
        starts=np.searchsorted(categories[order], bounds).astype(np.int64),
        images=images[order],
        corners=np.ascontiguousarray(corners[:, order]),
        least=thresholds(corners[:, order]),
        excluded_starts=np.searchsorted(pairs[:, 1], bounds).astype(np.int64),
        excluded_images=np.ascontiguousarray(pairs[:, 0]),
        kept=kept,
        counts=np.bincount(categories[order][kept], minlength=most + 1)[1:].astype(np.int64),
    )


def _among(images: Images, categories: Images, pairs: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Which (image, category) are among the pairs."""
    span = np.int64(2**32)
    return np.isin(categories * span + images, pairs[:, 1] * span + pairs[:, 0])


def judge(truth: Objects, images: Images, categories: Images, confidences: Corners, corners: Corners) -> Judged:
    """What each detection turns out to be; those above the truth's categories are left out."""
    parted = part(categories, images, confidences, corners, truth.categories)
    order = rank(parted)
    outcomes = np.zeros(len(order), np.int8)
    last = max(int(truth.images.max(initial=0)), int(truth.excluded_images.max(initial=0)))
    # Areas of boxes turned inside out may be 0; what compares with no number hits nothing.
    with np.errstate(all="ignore"):
        match(
            order, parted.starts, parted.images, parted.corners,
            truth.starts, truth.images, truth.corners, truth.least,
            truth.excluded_starts, truth.excluded_images,
            np.zeros(last + 1, np.int64), np.zeros(len(truth.images), np.int8), outcomes,
        )  # fmt: skip
    return Judged(parted.starts, parted.images[order], outcomes)


def areas(truth: Objects, judged: Judged) -> list[Area]:
    """Each category's average precision and curve."""
    return [
        area(judged.outcomes[judged.of(category)], int(positives)) for category, positives in enumerate(truth.counts)
    ]


def hits(judged: Judged, category: int) -> int:
    """How many detections of a category (from 0) are right."""
    return int(np.count_nonzero(judged.outcomes[judged.of(category)] == HIT))
