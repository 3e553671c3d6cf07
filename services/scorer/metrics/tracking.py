"""Average precision of tracklets, by category and by the share of frames asked for, and how sure their means are.

tracklets → tracking. Each pair of a share and a category is measured as detection measures a category, with videos for
images and tracks for objects.
"""

from dataclasses import dataclass
from statistics import fmean

import numpy as np
from numpy.typing import NDArray

from services.scorer.metrics.average_precision import area
from services.scorer.metrics.objects import Judged, Objects
from services.scorer.metrics.resampling import contest_intervals
from services.scorer.metrics.tracklets import Tracklets, judge, rank
from shared.report import Interval


@dataclass(frozen=True, slots=True)
class Tracked:
    """values: for each of `SHARES` the average precision of each category, None where there is none.

    positives, tracklets: (categories,). tracks, contests: the truth, and for each share what became of the tracklets.
    """

    values: list[list[float | None]]
    positives: NDArray[np.int64]
    tracklets: NDArray[np.int64]
    tracks: Objects
    contests: list[Judged]
    videos: int


def measure(found: Tracklets, truth: Tracklets, videos: int) -> Tracked:
    """Measure `found`, categories above the truth's left out, in so many videos."""
    categories = int(truth.category.max())
    order = rank(found)
    order = order[found.category[order] <= categories]
    outcomes = judge(found, truth, order)
    bounds = np.arange(1, categories + 2)
    starts = np.searchsorted(found.category[order], bounds).astype(np.int64)
    positives = np.bincount(truth.category, minlength=categories + 1)[1:].astype(np.int64)
    numbers = _numbered(found.video[order])
    contests = [Judged(starts, numbers, each) for each in outcomes]
    values = [[area(c.outcomes[c.of(k)], int(n)).average_precision for k, n in enumerate(positives)] for c in contests]
    return Tracked(values, positives, np.diff(starts), _as_objects(truth, positives), contests, videos)


def intervals(tracked: Tracked) -> list[dict[str, Interval]]:
    """Of the mean over all shares, then at each."""
    # Without a track and without a tracklet a category has the value 0 in every round.
    fixed = [0.0] * int(np.count_nonzero((tracked.positives == 0) & (tracked.tracklets == 0)))
    return contest_intervals(tracked.tracks, tracked.contests, fixed, tracked.videos)


def mean(values: list[float | None]) -> float:
    """The mean over the categories that have a value."""
    return fmean(value for value in values if value is not None)


def over_shares(values: list[list[float | None]]) -> list[float | None]:
    """Each category's mean over `SHARES`."""
    return [
        fmean(known) if len(known := [v for v in each if v is not None]) else None for each in zip(*values, strict=True)
    ]


def _numbered(video: NDArray[np.int64]) -> NDArray[np.int32]:
    """Videos as images are numbered, from 1."""
    return (video + 1).astype(np.int32)


def _as_objects(truth: Tracklets, positives: NDArray[np.int64]) -> Objects:
    """Tracks as objects of videos, for the rounds of `resampling`; boxes play no part there."""
    by_category = np.lexsort((truth.video, truth.category))
    return Objects(
        starts=np.append(0, np.cumsum(positives)).astype(np.int64),
        images=_numbered(truth.video[by_category]),
        corners=np.empty((4, 0)),
        least=np.empty(0),
        excluded_starts=np.zeros(len(positives) + 1, np.int64),
        excluded_images=np.empty(0, np.int32),
        kept=np.ones(len(truth), np.bool_),
        counts=positives,
    )
