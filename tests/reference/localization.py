"""Localization as one would explain it at a blackboard: loops and fractions, box by box.

A second opinion for tests, written from the rule and not from the product's code.
"""

from collections.abc import Collection, Sequence
from fractions import Fraction

Guess = tuple[int, Fraction, Fraction, Fraction, Fraction]
"""label, xmin, ymin, xmax, ymax."""

Rows = Sequence[Sequence[Guess]]
"""For each image its guesses, or its objects."""


def overlap(one: Guess, other: Guess) -> Fraction:
    """Intersection over union, both ends of a box being part of it; −1 for boxes that share nothing."""
    width = min(one[3], other[3]) - max(one[1], other[1]) + 1
    height = min(one[4], other[4]) - max(one[2], other[2]) + 1
    if width <= 0 or height <= 0:
        return Fraction(-1)
    areas = [(box[3] - box[1] + 1) * (box[4] - box[2] + 1) for box in (one, other)]
    return width * height / (sum(areas) - width * height)


def error(guesses: Rows, objects: Rows, k: int, excluded: Collection[int]) -> Fraction | None:
    """e = 1/n · Σ_labels min_guesses min_objects max(d, f) over the images that are not excluded (numbers from 1)."""
    losses = []
    for number, (row, things) in enumerate(zip(guesses, objects, strict=True), start=1):
        labels = {thing[0] for thing in things}
        missed = [label for label in labels if not _found(label, row[:k], things)]
        if number not in excluded:
            losses.append(Fraction(len(missed), len(labels)))
    return sum(losses, Fraction(0)) / len(losses) if losses else None


def _found(label: int, guesses: Sequence[Guess], things: Sequence[Guess]) -> bool:
    return any(
        guess[0] == label == thing[0] and 2 * overlap(guess, thing) >= 1 for guess in guesses for thing in things
    )
