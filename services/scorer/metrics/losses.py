"""The error of classification: for each image, how far its best guess is from the truth.

One formula for all of them (eval_flat.m:20-26): e = 1/n · Σ_k min_j d(guess_j, label_k) over an image's n labels;
only d differs. Losses are kept as whole numbers of steps, so that sums and means are exact.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.integer[Any]]
Distance = Callable[[Integers, Integers], Integers]
"""d(guesses, labels), both (images,): whole numbers ≥ 0."""


@dataclass(frozen=True, slots=True)
class Losses:
    """One loss per image: `per_image` (images,) unsigned whole numbers, in units of 1/`steps`."""

    per_image: Integers
    steps: int

    def mean(self) -> float:
        """The mean loss: exact sum, rounded once."""
        return int(self.per_image.sum(dtype=np.int64)) / (len(self.per_image) * self.steps)


def errors_by_guesses(
    guesses: Integers, truth: Integers, distance: Distance, worst: int, unit: int = 1
) -> tuple[Losses, ...]:
    """The losses with the first guess only, the first two, … all.

    guesses: (images, k), 0 where there is none. truth: (images, labels), 0 where an image has fewer; each image has
    one at least. `worst` is the distance without any guess, `unit` what distances are divided by in the end.
    """
    parts, weights = _weights(truth)
    dtype = np.min_scalar_type(parts * worst)
    totals = [np.zeros(len(truth), dtype) for _ in range(guesses.shape[1])]
    for labels, weight in zip(truth.T, weights, strict=True):
        best = np.full(len(truth), worst, dtype)
        for rank, total in enumerate(totals):
            np.minimum(best, distance(guesses[:, rank], labels).astype(dtype, copy=False), out=best)
            total += best if weight is None else best * weight.astype(dtype)
    return tuple(Losses(total, parts * unit) for total in totals)


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


def _weights(truth: Integers) -> tuple[int, list[Integers | None]]:
    """Into how many parts 1 is cut so that each image's 1/n is whole, and for each column its labels' parts.

    None stands for a column in which every image has a label of weight 1.
    """
    if truth.shape[1] == 1:
        return 1, [None]
    labelled = truth != 0
    counts = labelled.sum(axis=1)
    parts = math.lcm(*(int(count) for count in np.unique(counts)))
    return parts, [column * (parts // counts) for column in labelled.T]


def flat(guesses: Integers, labels: Integers) -> Integers:
    """0 where the guess is the label, else 1."""
    differs: NDArray[np.bool_] = guesses != labels
    return differs.view(np.uint8)
