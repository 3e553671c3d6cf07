"""How sure a mean over images is: the percentile bootstrap of IJCV 2015 (table 8), in one step where that is possible.

A bootstrap round draws as many images as there are, with replacement, and takes the mean loss. What infinitely
many rounds would give is the distribution of a sum of independent draws; for losses that are whole numbers it is
computed exactly (its Fourier transform is a power of one draw's). The rest is drawn: 20,000 rounds, fixed seed.

An interval of level L keeps what is left when the lowest and the highest (100 - L)/2 per cent of rounds are
discarded. Its ends are quantiles in the sense of the inverse distribution function (Hyndman and Fan's type 1): the
least mean that at least this share of rounds does not exceed.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.fft import irfft, rfft
from numpy.random import PCG64, Generator
from numpy.typing import NDArray

from services.scorer.metrics.losses import Integers, Losses
from shared.report import LEVELS, Interval

ROUNDS = 20_000
SEED = 2012

WIDEST_SPAN = 2**17
"""Up to this many sums are told apart exactly; with more, a Fourier transform costs more than the draws."""


@dataclass(frozen=True, slots=True)
class _Image:
    """What a random image loses: `values` (distinct, ascending whole numbers) and how many of `images` lose each."""

    values: NDArray[np.int64]
    counts: NDArray[np.int64]
    images: int


def intervals(losses: Losses) -> dict[str, Interval]:
    """The interval of the mean loss at each of `LEVELS`."""
    image, unit = _one_image(losses)
    scale = len(losses.per_image) * losses.steps
    span = _span(image)
    ends = _exact_ends(image, span) if span <= WIDEST_SPAN else _drawn_ends(image)
    return {level: Interval(low=low * unit / scale, high=high * unit / scale) for level, (low, high) in ends.items()}


def _one_image(losses: Losses) -> tuple[_Image, int]:
    """The distribution of one image's loss, in units of the losses' greatest common divisor; and that divisor."""
    values, counts = _distinct(losses.per_image)
    unit = math.gcd(*values.tolist()) or 1
    return _Image(values.astype(np.int64) // unit, counts.astype(np.int64), len(losses.per_image)), unit


def _distinct(losses: Integers) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """The distinct values, ascending, and how often each occurs."""
    if losses.itemsize > 2:
        return np.unique(losses, return_counts=True)
    counts = np.bincount(losses)
    values = np.flatnonzero(counts)
    return values, counts[values]


def _spread(image: _Image) -> tuple[float, float]:
    """Mean and standard deviation of the sum over a round."""
    mean = float(image.values @ image.counts) / image.images
    variance = float((image.values - mean) ** 2 @ image.counts) / image.images
    return mean * image.images, math.sqrt(variance * image.images)


def _span(image: _Image) -> int:
    """How many neighbouring sums hold all but less than 10⁻¹² of the distribution: a power of two.

    Eight standard deviations to each side, and 32 times the greatest loss for lopsided ones; or all there are.
    """
    greatest = int(image.values[-1])
    _, deviation = _spread(image)
    enough = min(16 * deviation + 64 * greatest, image.images * greatest) + 1
    return 1 << math.ceil(math.log2(enough))


def _exact_ends(image: _Image, span: int) -> dict[str, tuple[int, int]]:
    """The ends as sums, from the exact distribution on the `span` sums around its mean."""
    one = np.zeros(span)
    np.add.at(one, image.values % span, image.counts / image.images)
    wrapped = irfft(rfft(one) ** image.images, span)
    first = max(0, math.floor(_spread(image)[0] - span / 2))
    sums = np.arange(first, first + span)
    rising = np.cumsum(np.maximum(wrapped[sums % span], 0))
    rising /= rising[-1]
    return {
        level: (int(sums[np.searchsorted(rising, share)]), int(sums[np.searchsorted(rising, 1 - share)]))
        for level, share in _discarded().items()
    }


def _drawn_ends(image: _Image) -> dict[str, tuple[int, int]]:
    """The ends as sums, from `ROUNDS` rounds: how often each distinct loss is drawn is multinomial."""
    draws = Generator(PCG64(SEED)).multinomial(image.images, image.counts / image.images, size=ROUNDS)
    sums = np.sort(draws @ image.values)
    return {
        level: (int(sums[math.ceil(share * ROUNDS) - 1]), int(sums[math.ceil((1 - share) * ROUNDS) - 1]))
        for level, share in _discarded().items()
    }


def _discarded() -> dict[str, float]:
    """What each level discards at either end, as a share of the rounds."""
    return {level: round((100 - float(level)) / 200, 9) for level in LEVELS}
