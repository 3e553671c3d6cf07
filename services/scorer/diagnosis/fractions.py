"""Boxes that are accepted and look like fractions of the image: what every task with boxes says of them."""

import numpy as np
from numpy.typing import NDArray

FRACTIONS = "Boxes look like fractions of the image's size: all sides lie between 0 and 1. They are read as pixels."


def are_fractions(sides: NDArray[np.float64]) -> bool:
    """Whether all sides lie between 0 and 1, and not all are whole."""
    return bool(sides.size and sides.min() >= 0 and sides.max() <= 1 and (sides % 1).any())
