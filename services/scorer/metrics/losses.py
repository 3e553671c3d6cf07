"""The error of classification: for each image, how far its best guess is from the truth.

One formula for all of them (eval_flat.m:20-26): e = 1/n · Σ_k min_j d(guess_j, label_k) over an image's n labels;
only d differs. Losses are kept as whole numbers of steps, so that sums and means are exact, whatever the numbers of labels.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.integer[Any]]
Distance = Callable[[Integers, Integers], Integers]
"""d(guesses, labels), both (images,): whole numbers ≥ 0."""


SUM_BITS = 62
"""Sums of losses stay below 2⁶²: they fit in 64 bits with their sign."""


@dataclass(frozen=True, slots=True)
class Losses:
    """One loss per image: `per_image` (images,) whole numbers ≥ 0, in units of 1/`steps`.

    `exact` is their sum where no step is common to all that is coarse enough for 64 bits: each loss is rounded to the
    nearest step then. `divisor` is what the mean divides by, if not the number of images.
    """

    per_image: Integers
    steps: int
    exact: Fraction | None = None
    divisor: int | None = None

    def sum(self) -> Fraction:
        """The sum of the losses, exact."""
        if self.exact is not None:
            return self.exact
        return Fraction(int(self.per_image.sum(dtype=np.int64)), self.steps)

    def mean(self) -> float:
        """The mean loss: exact sum, rounded once."""
        return float(self.sum() / self.images())

    def images(self) -> int:
        """What the mean divides by."""
        return len(self.per_image) if self.divisor is None else self.divisor


def errors_by_guesses(
    guesses: Integers, truth: Integers, distance: Distance, worst: int, unit: int = 1
) -> tuple[Losses, ...]:
    """The losses with the first guess only, the first two, … all.

    guesses: (images, k), 0 where there is none. truth: (images, labels), 0 where an image has fewer; each image has
    one at least. `worst` is the distance without any guess, `unit` what distances are divided by in the end.
    """
    several = truth.shape[1] > 1
    dtype = np.min_scalar_type(truth.shape[1] * worst)
    totals = [np.zeros(len(truth), dtype) for _ in range(guesses.shape[1])]
    for labels in truth.T:
        best = np.full(len(truth), worst, dtype)
        for rank, total in enumerate(totals):
            np.minimum(best, distance(guesses[:, rank], labels).astype(dtype, copy=False), out=best)
            total += best * (labels != 0) if several else best
    if not several:
        return tuple(Losses(total, unit) for total in totals)
    counts = (truth != 0).sum(axis=1)
    return tuple(_shared(total, counts, worst, unit) for total in totals)


def _shared(totals: Integers, counts: Integers, worst: int, unit: int) -> Losses:
    """Each image's total by its number of labels, in steps of the numbers' least common multiple if sums then fit."""
    distinct = [int(count) for count in np.unique(counts)]
    parts = math.lcm(*distinct)
    if (parts * worst * len(totals)).bit_length() <= SUM_BITS:
        dtype = np.min_scalar_type(parts * worst)
        return Losses((totals * (parts // counts)).astype(dtype), parts * unit)
    exact = sum((Fraction(int(totals[counts == n].sum(dtype=np.int64)), n * unit) for n in distinct), Fraction())
    parts = 1 << max(0, SUM_BITS - (distinct[-1] * worst * len(totals)).bit_length())
    rounded = (totals.astype(np.int64) * parts + counts // 2) // counts
    return Losses(rounded, parts * unit, exact)


def errors_by_any_label(guesses: Integers, truth: Integers) -> tuple[Losses, ...]:
    """The losses with the first guess only, the first two, … all: 0 if one of them is any of an image's labels, else 1.

    guesses: (images, k), truth: (images, labels), both padded with 0. Images without a label are left out; one at least
    has some. The rule of ReaL labels (Beyer et al. 2020).
    """
    labelled = truth.any(axis=1)
    guesses, truth = guesses[labelled], truth[labelled]
    missed = np.ones(len(truth), np.bool_)
    losses = []
    for guess in guesses.T[:, :, None]:
        missed = missed & ~((truth == guess) & (truth != 0)).any(axis=1)
        losses.append(Losses(missed.view(np.uint8), 1))
    return tuple(losses)


def flat(guesses: Integers, labels: Integers) -> Integers:
    """0 where the guess is the label, else 1."""
    differs: NDArray[np.bool_] = guesses != labels
    return differs.view(np.uint8)
