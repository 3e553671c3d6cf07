"""How sure a mean average precision is: the percentile bootstrap of IJCV 2015 (table 8), images drawn with replacement.

A round draws as many images as there are; one drawn k times counts k times, its detections and its objects, and
average precision is measured anew. Only images that can change a round are told apart; of the others it matters only
how many of the draws fall to them. 64 rounds go over the detections together, for each image a row of 64 counts, which
is one cache line: what a false detection costs is adding such a row. Rounds come from a fixed seed, so that the same
file has the same interval.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from services.scorer.kernels import COMPILED, kernel
from services.scorer.metrics.matching import HIT, MISS
from services.scorer.metrics.objects import Images, Judged, Objects
from shared.report import LEVELS, Interval

ROUNDS = 20_000
"""As many as the paper draws at least: 20 are cut off at either end of a 99.8 % interval, 10 at 99.9 %."""

ABREAST = 64
"""Rounds that go together: a row of so many bytes is one cache line."""

MOST_ADDITIONS = 10**11
"""Rounds times detections, and images as many times as a draw is dearer: 40 s of one processor. Beyond 5,000,000 of
them there are fewer rounds.
"""

DRAW = 20
"""Additions that take as long as drawing one image: 8 ns, where they are many."""

FEWEST_ROUNDS = 1024

_SEED = 2015

Weights = NDArray[np.uint8]
"""(images, ABREAST): how often each of the images told apart was drawn in each round."""


@dataclass(frozen=True, slots=True)
class _Category:
    """One category, ready for its rounds: the images of its hits, ranked; of the misses before each; of its objects.
    Images are numbered from 1, or as `_told_apart` does.

    Misses behind the last hit change nothing, and are not here. misses_end: (hits,), how many misses precede each hit.
    """

    hits: Images
    misses: Images
    misses_end: NDArray[np.int64]
    objects: Images


def rounds_for(detections: int, images: int) -> int:
    """How many rounds: `ROUNDS`, or fewer for a very large file, by how much there is to add and to draw alone."""
    return max(FEWEST_ROUNDS, min(ROUNDS, MOST_ADDITIONS // max(1, detections + DRAW * images)))


def mean_intervals(truth: Objects, judged: Judged, fixed: list[float], images: int) -> dict[str, Interval]:
    """The interval of the mean at each of `LEVELS`. fixed: values of categories that no round changes.

    images: how many there are to be drawn, whether or not anything is in them; a detection in one beyond them is never
    drawn. A category of which a round has no object is left out of that round's mean.
    """
    of_all = [_prepared(truth, judged, index, images) for index in np.flatnonzero(truth.counts).tolist()]
    prepared, apart = _told_apart(of_all, images)
    rounds = rounds_for(sum(len(each.misses) + len(each.hits) for each in prepared), apart)
    source = np.random.PCG64(_SEED)
    # This generator's binomial numbers are the same in every version of numpy.
    falling = np.random.RandomState(_SEED).binomial(images, apart / images, (-(-rounds // ABREAST), ABREAST))
    means = [_means(prepared, fixed, _draw(source, apart, draws)) for draws in falling.tolist()]
    return _intervals(np.sort(np.concatenate(means)[:rounds]))


def _intervals(means: NDArray[np.float64]) -> dict[str, Interval]:
    """What is left when the lowest and the highest (100 - L)/2 per cent are discarded."""
    found = {}
    for level in LEVELS:
        discarded = int(len(means) * (100 - float(level)) / 200)
        found[level] = Interval(low=float(means[discarded]), high=float(means[-1 - discarded]))
    return found


def _prepared(truth: Objects, judged: Judged, index: int, population: int) -> _Category:
    there = judged.of(index)
    images, outcomes = judged.images[there], judged.outcomes[there]
    hits, misses = np.flatnonzero(outcomes == HIT), np.flatnonzero((outcomes == MISS) & (images <= population))
    ends = np.searchsorted(misses, hits)
    objects = slice(int(truth.starts[index]), int(truth.starts[index + 1]))
    return _Category(
        hits=images[hits],
        misses=images[misses[: ends[-1] if len(ends) else 0]],
        misses_end=ends.astype(np.int64),
        objects=truth.images[objects][truth.kept[objects]],
    )


def _told_apart(categories: list[_Category], population: int) -> tuple[list[_Category], int]:
    """The categories with images numbered anew, from 0 and in the same order; and how many images play a part."""
    there = np.zeros(population + 1, np.bool_)
    for each in categories:
        for images in (each.hits, each.misses, each.objects):
            there[images] = True
    places = np.cumsum(there, dtype=np.int32) - np.int32(1)
    numbered = [
        replace(each, hits=places[each.hits], misses=places[each.misses], objects=places[each.objects])
        for each in categories
    ]
    return numbered, int(np.count_nonzero(there))


def _draw(source: np.random.PCG64, images: int, draws: list[int]) -> Weights:
    """`ABREAST` rounds of so many draws, each the high half of 32 random bits times the number of images: none is
    likelier than another by more than images/2^32. A count fits in a byte: of so many, none is ever drawn 256 times.
    """
    counts = np.zeros((ABREAST, images), np.uint8)
    for row, number in zip(counts, draws, strict=True):
        _count(source.random_raw((number + 1) // 2).view(np.uint32)[:number], row)
    return np.ascontiguousarray(counts.T)


@kernel("void(uint32[::1], uint8[::1])")
def _count_compiled(bits: NDArray[np.uint32], counts: Weights) -> None:
    """counts: (images,), how often each image was drawn by `bits`, one draw each."""
    images, half = np.uint64(len(counts)), np.uint64(32)
    for each in bits:
        counts[(np.uint64(each) * images) >> half] += 1


def _count_in_arrays(bits: NDArray[np.uint32], counts: Weights) -> None:
    """The same where nothing is compiled."""
    drawn = (bits.astype(np.uint64) * np.uint64(len(counts))) >> np.uint64(32)
    counts[:] = np.bincount(drawn.astype(np.int64), minlength=len(counts))


_count = _count_compiled if COMPILED else _count_in_arrays


def _means(prepared: list[_Category], fixed: list[float], weights: Weights) -> NDArray[np.float64]:
    """The mean average precision of each round."""
    total, counted = np.full(ABREAST, float(sum(fixed))), np.full(ABREAST, float(len(fixed)))
    for category in prepared:
        positives = np.zeros((1, ABREAST), np.int32)
        _sum_rows(weights, category.objects, np.array([len(category.objects)]), positives)
        misses = np.zeros((len(category.hits), ABREAST), np.int32)
        _sum_rows(weights, category.misses, category.misses_end, misses)
        areas = np.zeros(ABREAST)
        _measure(weights, category.hits, misses, areas)
        there = positives[0] > 0
        total[there] += areas[there] / positives[0, there]
        counted += there
    means: NDArray[np.float64] = total / np.maximum(counted, 1)
    return means


@kernel("void(uint8[:,::1], int32[::1], int64[::1], int32[:,::1])")
def _sum_rows_compiled(weights: Weights, images: Images, ends: NDArray[np.int64], sums: NDArray[np.int32]) -> None:
    """sums[k]: the rows of the images before ends[k], added up."""
    so_far = np.zeros(ABREAST, np.int32)
    place = 0
    for k in range(len(ends)):
        while place < ends[k]:
            image = images[place]
            for lane in range(ABREAST):
                so_far[lane] += weights[image, lane]
            place += 1
        for lane in range(ABREAST):
            sums[k, lane] = so_far[lane]


def _sum_rows_in_arrays(
    weights: Weights, images: NDArray[np.int32], ends: NDArray[np.int64], sums: NDArray[np.int32]
) -> None:
    """The same where nothing is compiled."""
    rising = np.zeros((len(images) + 1, ABREAST), np.int32)
    np.cumsum(weights[images], axis=0, out=rising[1:])
    sums[:] = rising[ends]


_sum_rows = _sum_rows_compiled if COMPILED else _sum_rows_in_arrays


@kernel("void(uint8[:,::1], int32[::1], int32[:,::1], float64[::1])")
def _measure_compiled(weights: Weights, hits: Images, misses: NDArray[np.int32], areas: NDArray[np.float64]) -> None:
    """Add to `areas` each round's hits, times the greatest precision at or after them: backwards, from the last hit."""
    so_far, highest = np.zeros(ABREAST), np.zeros(ABREAST)
    for image in hits:
        for lane in range(ABREAST):
            so_far[lane] += weights[image, lane]
    for k in range(len(hits) - 1, -1, -1):
        image = hits[k]
        for lane in range(ABREAST):
            weight = weights[image, lane]
            highest[lane] = max(highest[lane], so_far[lane] / max(so_far[lane] + misses[k, lane], 1.0))
            areas[lane] += weight * highest[lane]
            so_far[lane] -= weight


def _measure_in_arrays(weights: Weights, hits: Images, misses: NDArray[np.int32], areas: NDArray[np.float64]) -> None:
    """The same where nothing is compiled."""
    so_far, highest = weights[hits].sum(axis=0, dtype=np.float64), np.zeros(ABREAST)
    for k in range(len(hits) - 1, -1, -1):
        row = weights[hits[k]]
        highest = np.maximum(highest, so_far / np.maximum(so_far + misses[k], 1.0))
        areas += row * highest
        so_far -= row


_measure = _measure_compiled if COMPILED else _measure_in_arrays
