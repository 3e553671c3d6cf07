"""Scene parsing pixel by pixel, as one would explain it at a blackboard; in fractions.

A second opinion for tests, written from the rule and not from the product's code.
"""

from collections.abc import Sequence
from fractions import Fraction

Mask = Sequence[Sequence[int]]


def marks(truth: Sequence[Mask], labels: Sequence[Mask], categories: int) -> tuple[Fraction, Fraction, list[Fraction]]:
    """Pixel accuracy, mean IoU, and the IoU of each category."""
    intersection, union = [0] * (categories + 1), [0] * (categories + 1)
    right = labelled = 0
    for true_mask, mask in zip(truth, labels, strict=True):
        for true_row, row in zip(true_mask, mask, strict=True):
            for true, label in zip(true_row, row, strict=True):
                if true == 0:
                    continue
                labelled += 1
                right += true == label
                for category in {true, label}:
                    union[category] += 1
                intersection[true] += true == label
    ious = [Fraction(i, u) if u else Fraction(0) for i, u in zip(intersection[1:], union[1:], strict=True)]
    return Fraction(right, labelled), sum(ious, Fraction(0)) / categories, ious
