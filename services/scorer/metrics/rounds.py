"""The percentile bootstrap of IJCV 2015 (table 8), drawn round by round, for scores that are no mean over images.

A round draws as many images as there are, with replacement; it is told as how often each was drawn. Draws come from a
generator of fixed seed, so that the same file has the same intervals.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from shared.report import LEVELS, Interval

ROUNDS = 20_000
"""The paper's number: an end of the 99.9 % interval is the tenth of them."""

BLOCK_CELLS = 2**19
"""So many counts are made at a time, 4 MiB: rounds are drawn and summed up in cache."""

_SEED = 2012

Floats = NDArray[np.float64]


def drawn(images: int, rounds: int = ROUNDS) -> Iterator[Floats]:
    """How often each image was drawn, (some rounds, images), block by block; whole numbers, as floats to multiply with."""
    generator = np.random.Generator(np.random.PCG64(_SEED))
    step = max(1, min(rounds, BLOCK_CELLS // images))
    for first in range(0, rounds, step):
        here = min(step, rounds - first)
        places = generator.integers(0, images, (here, images)) + np.arange(here)[:, None] * images
        yield np.bincount(places.ravel(), minlength=here * images).reshape(here, images).astype(np.float64)


def ends(values: Floats) -> dict[str, Interval]:
    """What is left of the rounds' `values`, (rounds,), when the lowest and highest (100 − level)/2 % are discarded."""
    ordered = np.sort(values)
    found = {}
    for level in LEVELS:
        discarded = int(len(ordered) * round((100 - float(level)) / 200, 9))
        found[level] = Interval(low=float(ordered[discarded]), high=float(ordered[len(ordered) - 1 - discarded]))
    return found
