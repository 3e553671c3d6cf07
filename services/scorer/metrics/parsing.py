"""The arithmetic of scene parsing: how far two masks agree, image by image, and the score of any set of images.

intersectionAndUnion.m of the kit: only pixels with a true category count; what stands elsewhere costs nothing.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.integer[Any]]
Floats = NDArray[np.float64]


def confusion(truth: NDArray[np.uint8], labels: NDArray[np.uint8], categories: int) -> Integers:
    """(categories + 1, categories + 1) pixels by true and by predicted class; both masks of one shape, 0 for no class."""
    width = categories + 1
    pairs = truth.ravel() * np.min_scalar_type(width * width).type(width) + labels.ravel()
    return np.bincount(pairs, minlength=width * width).reshape(width, width)


@dataclass(frozen=True, slots=True)
class Agreement:
    """Pixels of each category in each image, (images, categories), category c in column c − 1.

    `right`: predicted as what they are; `true`: by the truth; `predicted`: among pixels that have a true category.
    """

    right: Integers
    true: Integers
    predicted: Integers

    @property
    def union(self) -> Integers:
        """True or predicted."""
        union: Integers = self.true + self.predicted - self.right
        return union


class Tally:
    """Takes pairs of masks one at a time, and keeps three counts for each category of each image, and all in `total`."""

    def __init__(self, categories: int) -> None:
        self.categories = categories
        self.total: Integers = np.zeros((categories + 1, categories + 1), np.int64)
        self._rows: list[Integers] = []

    def add(self, truth: NDArray[np.uint8], labels: NDArray[np.uint8]) -> None:
        """The next image; both masks of one shape."""
        table = confusion(truth, labels, self.categories)
        self.total += table
        labelled = table[1:]
        self._rows.append(np.stack([np.diagonal(table)[1:], labelled.sum(axis=1), labelled.sum(axis=0)[1:]]))

    def agreement(self) -> Agreement:
        """Of all images so far, in their order."""
        rows = np.array(self._rows, np.int64).reshape(-1, 3, self.categories)
        return Agreement(rows[:, 0], rows[:, 1], rows[:, 2])

    def right_if_shifted(self, by: int) -> int:
        """How many pixels would be right if `by`, 1 or −1, were added to each predicted number."""
        return int(np.trace(self.total[1:], offset=1 - by))


@dataclass(frozen=True, slots=True)
class Marks:
    """Of one set of images or of several, (sets,): each from 0 to 1, higher is better."""

    pixel_accuracy: Floats
    mean_iou: Floats

    @property
    def score(self) -> Floats:
        """The mean of both, which decides."""
        return (self.pixel_accuracy + self.mean_iou) / 2


def marks(right: Floats, true: Floats, union: Floats) -> Marks:
    """The marks of sets whose pixels, (sets, categories), were summed over their images.

    A category that is nowhere has IoU 0 and counts in the mean, as in the kit. A set without labelled pixels: accuracy 0.
    """
    labelled = true.sum(axis=1)
    return Marks(right.sum(axis=1) / np.maximum(labelled, 1), iou(right, union).mean(axis=1))


def iou(right: Floats, union: Floats) -> Floats:
    """Intersection over union, 0 where there is neither. The kit adds 2.2e-16 an image to the union, to the same end."""
    shares: Floats = right / np.maximum(union, 1)
    return shares
