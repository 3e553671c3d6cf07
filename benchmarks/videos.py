"""Videos for benchmarks, as many frames as the validation set has: each with objects of one category that move along."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FRAMES, VIDEOS, CATEGORIES = 176_126, 555, 30
MOST_OBJECTS = 4
"""In a frame; each video has 1 to so many in all of its frames."""

NEAR = 0.7
"""The share of detections near an object of their category."""

LINE = "{} {} {} {:.6f} {:.2f} {:.2f} {:.2f} {:.2f}\n"

Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Tracked:
    """frames, categories, tracks (n,); corners (n, 4)."""

    frames: Integers
    categories: Integers
    tracks: Integers
    corners: NDArray[np.float64]

    def text(self, confidences: NDArray[np.float64], with_tracks: bool = True) -> bytes:
        """The grammar of submissions; without tracks, -1 in their place."""
        tracks = self.tracks if with_tracks else np.full(len(self.tracks), -1)
        columns = (self.frames, self.categories, tracks, confidences, *self.corners.T)
        return "".join(map(LINE.format, *(column.tolist() for column in columns))).encode()


def objects() -> Tracked:
    """An object of each track in every frame of its video."""
    random = np.random.default_rng(2015)
    video = np.arange(FRAMES) * VIDEOS // FRAMES
    counts = random.integers(1, MOST_OBJECTS + 1, VIDEOS)[video]
    frames = np.repeat(np.arange(1, FRAMES + 1), counts)
    tracks = np.arange(len(frames)) - np.repeat(np.cumsum(counts) - counts, counts)
    categories = random.integers(1, CATEGORIES + 1, VIDEOS)[video[frames - 1]]
    return Tracked(frames, categories, tracks, _along(random, frames, video[frames - 1] * MOST_OBJECTS + tracks))


def _along(random: np.random.Generator, frames: Integers, whose: Integers) -> NDArray[np.float64]:
    """Boxes of 80 to 200 pixels, each object's going to and fro."""
    start, side = random.uniform(0, 900, (whose.max() + 1, 2)), random.uniform(80, 200, (whose.max() + 1, 2))
    first = start[whose] + 100 * np.sin(frames / 50)[:, None]
    return np.hstack([first, first + side[whose]]).round(2)


def detections(truth: Tracked, count: int) -> tuple[Tracked, NDArray[np.float64]]:
    """So many boxes about objects, most of them near, and their confidences."""
    random = np.random.default_rng(2016)
    near = random.integers(0, len(truth.frames), count)
    right = random.random(count) < NEAR
    off = np.where(right[:, None], random.normal(0, 8, (count, 4)), random.normal(0, 90, (count, 4)))
    corners = truth.corners[near] + off
    corners[:, 2:] = np.maximum(corners[:, 2:], corners[:, :2] + 1)
    categories = np.where(right, truth.categories[near], random.integers(1, CATEGORIES + 1, count))
    confidences = np.where(right, random.beta(3, 2, count), random.beta(2, 3, count))
    return Tracked(truth.frames[near], categories, truth.tracks[near], corners), confidences.round(6)
