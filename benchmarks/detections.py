"""Detections for benchmarks: drawn about the real validation boxes where they are at hand, else about made-up ones."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

BOXES = Path(__file__).parents[2] / "shared" / "data" / "det" / "validation_boxes.tsv"
"""The ILSVRC2014 kit's boxes, beside the repository: image, category, corners."""

IMAGES, CATEGORIES, OBJECTS = 20_121, 200, 55_502
RIGHT = 0.3
"""The share of detections near an object of their category."""

SIDE = 500

LINE = "{} {} {:.6f} {:.4f} {:.4f} {:.4f} {:.4f}\n"


@dataclass(frozen=True, slots=True)
class Boxes:
    """images, categories (n,), corners (n, 4) as xmin, ymin, xmax, ymax."""

    images: NDArray[np.int64]
    categories: NDArray[np.int64]
    corners: NDArray[np.float64]


def true_boxes() -> tuple[Boxes, str]:
    """The objects, and what to call them."""
    if BOXES.exists():
        rows = np.loadtxt(BOXES, np.int64, skiprows=1)
        return Boxes(rows[:, 0], rows[:, 1], rows[:, 2:].astype(np.float64)), "the real validation boxes"
    print(f"no {BOXES}: boxes are made up")
    random = np.random.default_rng(2013)
    images, categories = (random.integers(1, most + 1, OBJECTS) for most in (IMAGES, CATEGORIES))
    return Boxes(images, categories, np.floor(_corners(random, OBJECTS))), "made-up boxes"


def drawn(truth: Boxes, count: int) -> tuple[Boxes, NDArray[np.float64]]:
    """Detections and their confidences, to six digits."""
    random = np.random.default_rng(2014)
    near, right = random.integers(0, len(truth.images), count), random.random(count) < RIGHT
    images = np.where(right, truth.images[near], random.integers(1, IMAGES + 1, count))
    categories = np.where(right, truth.categories[near], random.integers(1, CATEGORIES + 1, count))
    moved = truth.corners[near] + random.normal(0, 12, (count, 4))
    corners = np.where(right[:, None], moved, _corners(random, count))
    corners[:, 2:] = np.maximum(corners[:, 2:], corners[:, :2] + 1)
    confidences = np.where(right, random.beta(3, 2, count), random.beta(2, 3, count))
    return Boxes(images, categories, corners.round(4)), confidences.round(6)


def as_text(boxes: Boxes, confidences: NDArray[np.float64]) -> bytes:
    """The grammar of submissions."""
    columns = (boxes.images, boxes.categories, confidences, *boxes.corners.T)
    return "".join(map(LINE.format, *(column.tolist() for column in columns))).encode()


def _corners(random: np.random.Generator, count: int) -> NDArray[np.float64]:
    first = random.uniform(0, SIDE - 50, (count, 2))
    return np.hstack([first, first + random.uniform(20, 200, (count, 2))])
