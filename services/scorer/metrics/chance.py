"""Whether a file is any better than guesses made without looking: the rule for the note `chance-level`.

Guesses without looking, g of them an image among C categories, are right in a share p = g/C of images: hits follow
Binomial(n, p), for images with several labels too, if each counts its part (the variance is then less).
"""

import numpy as np
from numpy.typing import NDArray

LUCK = 0.999
"""Of 1,000 files of blind guesses one has more hits than its quantile: 300 of 50,000 for 5 guesses in 1,000."""

SKILL = 0.1
"""The least skill worth a name: a tenth of the way from blind guesses to all images right."""


def most_by_luck(images: int, share: float) -> int:
    """The `LUCK` quantile of Binomial(images, share): more hits are more than luck."""
    return int(np.searchsorted(_at_most(images, share), LUCK))


def at_chance(hits: float, images: int, share: float) -> bool:
    """Whether `hits` of `images` are no more than luck.

    Never so where the images are too few to tell: where a file of `SKILL` would fall below the same mark more often
    than one time in a thousand. With 5 guesses in 1,000 categories that takes 152 images, with 5 in 5 no number will do.
    """
    mark = most_by_luck(images, share)
    skilled = _at_most(images, share + SKILL * (1 - share))
    missed = float(skilled[mark]) if mark < len(skilled) else 1.0
    return hits <= mark and missed <= 1 - LUCK


def _at_most(images: int, share: float) -> NDArray[np.float64]:
    """The chance of at most 0, 1, 2, … hits, as far as it is not 1 for all purposes."""
    share = min(max(share, 1e-12), 1 - 1e-12)
    last = min(images, int(images * share + 12 * np.sqrt(images * share) + 60))
    hits = np.arange(last)
    steps = np.log((images - hits) / (hits + 1)) + np.log(share / (1 - share))
    chances = np.exp(images * np.log1p(-share) + np.append(0.0, np.cumsum(steps)))
    rising: NDArray[np.float64] = np.minimum(np.cumsum(chances), 1.0)
    return rising
