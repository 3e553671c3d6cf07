"""How sure a mean average precision is: the percentile bootstrap of IJCV 2015 (table 8), images drawn with replacement.

A round draws as many images as there are; one drawn k times counts k times, its detections and its objects, and
average precision is measured anew. Only images that can change a round are told apart; of the others it matters only
how many of the draws fall to them. 64 rounds go over the detections together, for each image a row of 64 counts, which
is one cache line: what a false detection costs is adding such a row. Images without a detection are drawn by kinds where
that is quicker (`alike`). Rounds come from a fixed seed, so that the same file has the same interval.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from services.scorer.kernels import COMPILED, kernel
from services.scorer.metrics.alike import KIND_DRAWS, Kinds, kinds_of
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


@dataclass(frozen=True, slots=True)
class _Population:
    """What rounds are drawn from. contests: their categories, images numbered from 0, so that `apart` are told apart.

    fixed: values of categories that no round changes, in each contest. `rest`: images in which nothing is.
    """

    contests: list[list[_Category]]
    fixed: list[float]
    apart: int
    kinds: Kinds
    rest: int

    @property
    def images(self) -> int:
        """How many are drawn in each round."""
        return self.apart + int(self.kinds.sizes.sum()) + self.rest

    @property
    def rounds(self) -> int:
        """How many rounds there are to be."""
        ranked = sum(len(each.misses) + len(each.hits) for contest in self.contests for each in contest)
        return rounds_for(ranked, self.apart + KIND_DRAWS * len(self.kinds))

    def falling(self, source: np.random.RandomState) -> NDArray[np.int64]:
        """(ABREAST, 1 + kinds + 1) how many draws of each round fall to all that are told apart, each kind, the rest."""
        sizes = np.array([self.apart, *self.kinds.sizes.tolist(), *([self.rest] * bool(self.rest))])
        return source.multinomial(self.images, sizes / self.images, ABREAST)


def rounds_for(detections: int, images: int) -> int:
    """How many rounds: `ROUNDS`, or fewer for a very large file, by how much there is to add and to draw alone."""
    return max(FEWEST_ROUNDS, min(ROUNDS, MOST_ADDITIONS // max(1, detections + DRAW * images)))


def mean_intervals(truth: Objects, judged: Judged, fixed: list[float], images: int) -> dict[str, Interval]:
    """The interval of the mean at each of `LEVELS`. fixed: values of categories that no round changes.

    images: how many there are to be drawn, whether or not anything is in them; a detection in one beyond them is never
    drawn. A category of which a round has no object is left out of that round's mean.
    """
    return contest_intervals(truth, [judged], fixed, images)[0]


def contest_intervals(
    truth: Objects, contests: list[Judged], fixed: list[float], images: int
) -> list[dict[str, Interval]]:
    """The intervals of the mean over all `contests`, and of each contest's, from the same rounds."""
    there = np.flatnonzero(truth.counts).tolist()
    prepared = [[_prepared(truth, judged, index, images) for index in there] for judged in contests]
    population = _told_apart(prepared, fixed, images)
    rounds = population.rounds
    source = np.random.PCG64(_SEED)
    # This generator's numbers are the same in every version of numpy.
    falling = np.random.RandomState(_SEED)
    blocks = [_means(population, source, population.falling(falling)) for _ in range(-(-rounds // ABREAST))]
    means = np.concatenate(blocks, axis=1)[:, :rounds]
    return [_intervals(np.sort(each)) for each in means]


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


def _told_apart(contests: list[list[_Category]], fixed: list[float], population: int) -> _Population:
    """Images are told apart, numbered anew in the same order, but for those without a detection of a common kind."""
    detected, there = np.zeros((2, population + 1), np.bool_)
    for each in (each for contest in contests for each in contest):
        detected[each.hits] = detected[each.misses] = there[each.objects] = True
    objects = [each.objects for each in contests[0]]
    kinds, together = kinds_of(objects, there & ~detected)
    single = (detected | there) & ~together
    places = np.cumsum(single, dtype=np.int32) - np.int32(1)
    numbered = [
        [
            replace(
                each,
                hits=places[each.hits],
                misses=places[each.misses],
                objects=places[each.objects[single[each.objects]]],
            )
            for each in contest
        ]
        for contest in contests
    ]
    apart = int(np.count_nonzero(single))
    return _Population(numbered, fixed, apart, kinds, population - apart - int(kinds.sizes.sum()))


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


def _means(population: _Population, source: np.random.PCG64, falling: NDArray[np.int64]) -> NDArray[np.float64]:
    """(1 + contests, ABREAST) the mean average precision of each round, over all contests and in each of them."""
    kinds = population.kinds
    weights = _draw(source, population.apart, falling[:, 0].tolist())
    drawn = np.ascontiguousarray(falling[:, 1 : 1 + len(kinds)].T)
    positives = [
        _objects(weights, each.objects) + kinds.objects(index, drawn)
        for index, each in enumerate(population.contests[0])
    ]
    fixed = population.fixed
    totals = np.full((len(population.contests), ABREAST), float(sum(fixed)))
    for total, contest in zip(totals, population.contests, strict=True):
        for category, objects in zip(contest, positives, strict=True):
            total += _areas(weights, category) / np.maximum(objects, 1)
    counted = len(fixed) + np.count_nonzero(positives, axis=0)
    over_all = totals.sum(axis=0) / np.maximum(counted * len(totals), 1)
    return np.vstack([over_all, totals / np.maximum(counted, 1)])


def _objects(weights: Weights, images: Images) -> NDArray[np.int32]:
    """(ABREAST,) the objects of each round, by the images in which they are."""
    sums = np.zeros((1, ABREAST), np.int32)
    _sum_rows(weights, images, np.array([len(images)]), sums)
    row: NDArray[np.int32] = sums[0]
    return row


def _areas(weights: Weights, category: _Category) -> NDArray[np.float64]:
    """(ABREAST,) each round's area under the curve, times its objects."""
    misses = np.zeros((len(category.hits), ABREAST), np.int32)
    _sum_rows(weights, category.misses, category.misses_end, misses)
    areas = np.zeros(ABREAST)
    _measure(weights, category.hits, misses, areas)
    return areas


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
