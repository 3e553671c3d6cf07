"""Which tracklets follow a true track: the rule of eval_vid_tracking.m, arrays in, arrays out.

A tracklet is what one track is called by its file in one video. Its score is the mean of its confidences; how well it
follows a true track of its category is the share of frames, of all that either has, in which a box of it hits that
track's box. In the order of scores, each takes the free track that it follows best, if it follows it enough.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.scorer.formats.tracks import track_starts
from services.scorer.kernels import kernel
from services.scorer.metrics.matching import HIT, MISS, Outcomes, thresholds
from services.scorer.metrics.overlap import overlap

SHARES = (0.25, 0.5, 0.75)
"""The shares of frames that are asked for, each of them in a contest of its own."""

Integers = NDArray[np.int64]
Decimals = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Tracklets:
    """Tracklets by video, within one by number; the rows of one by frame, those of a frame as in the file.

    starts: (tracklets + 1,) where each begins in the rows. video, category, track: (tracklets,). frames (rows,),
    corners (4, rows). score: (tracklets,). able: (rows,) whether a box may hit anything.
    """

    starts: Integers
    video: Integers
    category: Integers
    track: Integers
    score: Decimals
    frames: Integers
    corners: Decimals
    able: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.video)


def tracklets(
    video: Integers,
    category: Integers,
    track: Integers,
    frames: Integers,
    confidences: Decimals,
    corners: Decimals,
    able: NDArray[np.bool_],
) -> Tracklets:
    """Gather rows, in the order of the file, into tracklets; all rows of one have one category."""
    order = np.lexsort((frames, track, video))
    video, track = video[order], track[order]
    starts = track_starts(video, track)
    heads = starts[:-1]
    score = np.empty(len(heads))
    _means(np.ascontiguousarray(confidences[order]), starts, score)
    return Tracklets(
        starts, video[heads], category[order][heads], track[heads], score,
        frames[order], np.ascontiguousarray(corners[:, order]), able[order],
    )  # fmt: skip


@kernel("void(float64[::1], int64[::1], float64[::1])")
def _means(confidences: Decimals, starts: Integers, score: Decimals) -> None:
    """Summed from the first frame to the last: ties between scores depend on it."""
    for one in range(len(score)):
        total = 0.0
        for row in range(starts[one], starts[one + 1]):
            total += confidences[row]
        score[one] = total / (starts[one + 1] - starts[one])


def rank(found: Tracklets) -> NDArray[np.intp]:
    """The tracklets by category, then from the highest score; equal ones by video, then by number."""
    return np.lexsort((found.track, found.video, -found.score, found.category))


def judge(found: Tracklets, truth: Tracklets, order: NDArray[np.intp]) -> Outcomes:
    """(shares, tracklets) what each tracklet of `order` turns out to be."""
    by_group = np.lexsort((truth.track, truth.video, truth.category))
    span = np.int64(2**32)
    groups = truth.category[by_group] * span + truth.video[by_group]
    mine = found.category[order] * span + found.video[order]
    outcomes = np.full((len(SHARES), len(order)), MISS, np.int8)
    with np.errstate(all="ignore"):
        _follow(
            found.starts, found.frames, found.corners, found.able, order.astype(np.int64),
            truth.starts, truth.frames, truth.corners, thresholds(truth.corners), by_group.astype(np.int64),
            np.searchsorted(groups, mine).astype(np.int64), np.searchsorted(groups, mine, side="right").astype(np.int64),
            np.array(SHARES), np.zeros((len(SHARES), len(truth)), np.bool_), outcomes,
        )  # fmt: skip
    return outcomes


@kernel()
def _share(
    frames: Integers,
    corners: Decimals,
    able: NDArray[np.bool_],
    start: int,
    stop: int,
    true_frames: Integers,
    true_corners: Decimals,
    least: Decimals,
    true_start: int,
    true_stop: int,
) -> float:
    """Of all frames that a tracklet or a true track has, the share in which a box hits; each box of a frame counts."""
    hits, union, row = 0, true_stop - true_start, start
    true_row = true_start + np.searchsorted(true_frames[true_start:true_stop], frames[start])
    while row < stop:
        frame = frames[row]
        while true_row < true_stop and true_frames[true_row] < frame:
            true_row += 1
        there = true_row < true_stop and true_frames[true_row] == frame
        if not there:
            union += 1
        while row < stop and frames[row] == frame:
            if there and able[row] and overlap(corners, row, true_corners, true_row) >= least[true_row]:
                hits += 1
            row += 1
    return hits / union


@kernel(
    "void(int64[::1], int64[::1], float64[:,::1], boolean[::1], int64[::1], int64[::1], int64[::1], float64[:,::1], "
    "float64[::1], int64[::1], int64[::1], int64[::1], float64[::1], boolean[:,::1], int8[:,::1])"
)
def _follow(
    starts: Integers,
    frames: Integers,
    corners: Decimals,
    able: NDArray[np.bool_],
    order: Integers,
    true_starts: Integers,
    true_frames: Integers,
    true_corners: Decimals,
    least: Decimals,
    by_group: Integers,
    group_starts: Integers,
    group_stops: Integers,
    shares: Decimals,
    taken: NDArray[np.bool_],
    outcomes: Outcomes,
) -> None:
    """Fill `outcomes`. The true tracks that tracklet order[i] may follow are `by_group`, from group_starts[i] on."""
    contests = len(shares)
    best, most = np.empty(contests, np.int64), np.empty(contests)
    for place in range(len(order)):
        start, stop = starts[order[place]], starts[order[place] + 1]
        best[:], most[:] = -1, -1.0
        for index in range(group_starts[place], group_stops[place]):
            true = by_group[index]
            share = _share(
                frames, corners, able, start, stop,
                true_frames, true_corners, least, true_starts[true], true_starts[true + 1],
            )  # fmt: skip
            for contest in range(contests):
                if share >= shares[contest] and share > most[contest] and not taken[contest, true]:
                    best[contest], most[contest] = true, share
        for contest in range(contests):
            if best[contest] >= 0:
                taken[contest, best[contest]] = True
                outcomes[contest, place] = HIT
