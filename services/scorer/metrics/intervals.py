"""How sure a mean over images is: the percentile bootstrap of IJCV 2015 (table 8), computed instead of simulated.

A bootstrap round draws as many images as there are, with replacement, and takes the mean loss. What infinitely
many rounds would give is the distribution of a sum of independent draws, and its Fourier transform is a power of
one draw's: two transforms give it exactly, where the paper drew 20,000 rounds.

An interval of level L keeps what is left when the lowest and the highest (100 - L)/2 per cent of rounds are
discarded. Its ends are quantiles in the sense of the inverse distribution function (Hyndman and Fan's type 1): the
least mean that at least this share of rounds does not exceed.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.fft import irfft, rfft
from numpy.typing import NDArray

from services.scorer.metrics.losses import Integers, Losses
from shared.report import LEVELS, Interval

WIDEST_SPAN = 2**17
"""So many sums are told apart, in about 10 ms; 0/1 losses of 10,000,000 images need 2¹⁵, heights of 100,000 2¹⁵."""


@dataclass(frozen=True, slots=True)
class _Image:
    """A random image: what it loses (`values`, ascending, in units of `unit` steps), with which chances."""

    values: NDArray[np.int64]
    chances: NDArray[np.float64]
    unit: int


def intervals(losses: Losses, widest_span: int = WIDEST_SPAN) -> dict[str, Interval]:
    """The interval of the mean loss at each of `LEVELS`.

    Exact if `widest_span` sums (a power of two) are enough to tell all apart. If not (images with many different
    numbers of labels), losses are rounded to coarser steps so that their mean stays and their variance hardly grows.
    """
    images = len(losses.per_image)
    image = finest = _one_image(losses.per_image)
    while (span := _span(image, images)) > widest_span:
        image = _coarser(finest, span // widest_span * image.unit // finest.unit)
    sums, rising = _distribution(image, images, span)
    scale = losses.images() * losses.steps
    # In coarser steps the greatest loss may have been rounded up: no round loses more than it every time.
    most = images * int(losses.per_image.max())
    return {
        level: Interval(
            low=min(int(sums[np.searchsorted(rising, share)]) * image.unit, most) / scale,
            high=min(int(sums[np.searchsorted(rising, 1 - share)]) * image.unit, most) / scale,
        )
        for level, share in _DISCARDED.items()
    }


_DISCARDED = {level: round((100 - float(level)) / 200, 9) for level in LEVELS}
"""What each level discards at either end, as a share of the rounds."""


def _one_image(losses: Integers) -> _Image:
    values, counts = _distinct(losses)
    unit = math.gcd(*values.tolist()) or 1
    return _Image(values.astype(np.int64) // unit, counts / len(losses), unit)


def _distinct(losses: Integers) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """The distinct values, ascending, and how often each occurs."""
    if losses.itemsize > 2:
        return np.unique(losses, return_counts=True)
    counts = np.bincount(losses)
    values = np.flatnonzero(counts)
    return values, counts[values]


def _coarser(image: _Image, times: int) -> _Image:
    """`image` in units `times` as large: a loss between two of them becomes both, the nearer one more often."""
    below, beyond = np.divmod(image.values, times)
    above = beyond / times
    chances = np.zeros(int(below[-1]) + 2)
    np.add.at(chances, below, image.chances * (1 - above))
    np.add.at(chances, below + 1, image.chances * above)
    values = np.flatnonzero(chances)
    return _Image(values, chances[values], image.unit * times)


def _spread(image: _Image, images: int) -> tuple[float, float]:
    """Mean and standard deviation of the sum over `images` draws."""
    mean = float(image.values @ image.chances)
    return mean * images, math.sqrt(float((image.values - mean) ** 2 @ image.chances) * images)


def _span(image: _Image, images: int) -> int:
    """How many neighbouring sums hold all but less than 10⁻¹² of the distribution: a power of two.

    Eight standard deviations to each side, and 32 times the greatest loss for lopsided ones; or all there are.
    """
    greatest = int(image.values[-1])
    _, deviation = _spread(image, images)
    enough = min(16 * deviation + 64 * greatest, images * greatest) + 1
    return 1 << math.ceil(math.log2(enough))


def _distribution(image: _Image, images: int, span: int) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """The `span` sums around the mean, and for each the chance that a round's sum is no greater."""
    one = np.zeros(span)
    np.add.at(one, image.values % span, image.chances)
    chances = irfft(_power(rfft(one), images), span)
    last = images * int(image.values[-1]) + 1
    first = max(0, min(math.floor(_spread(image, images)[0] - span / 2), last - span))
    sums = np.arange(first, first + span)
    # A sum and those a multiple of `span` away share a place; all but one of them are out of reach.
    rising = np.cumsum(np.maximum(chances[sums % span], 0))
    return sums, rising / rising[-1]


def _power(base: NDArray[np.complex128], exponent: int) -> NDArray[np.complex128]:
    """By squaring: 17 multiplications for 100,000, where `**` takes logarithms and is seven times slower."""
    result = np.ones_like(base)
    while exponent:
        if exponent & 1:
            result *= base
        base = base * base
        exponent >>= 1
    return result
