"""Images that are drawn together: those without a detection, of which it matters only how many objects they hold.

Before the rounds of `resampling`. Of a kind that many such images are of, a round draws how often it comes, not which
image.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Images = NDArray[np.int32]
Counts = NDArray[np.int64]

KIND_DRAWS = 32
"""Drawing how often a kind comes takes as long as drawing so many images; rarer kinds are not worth it."""


@dataclass(frozen=True, slots=True)
class Kinds:
    """Kinds of images. sizes: (kinds,) how many images are of each. of_category: for each category the kinds that hold
    objects of it, and how many.
    """

    sizes: Counts
    of_category: list[tuple[Counts, Counts]]

    def __len__(self) -> int:
        return len(self.sizes)

    def objects(self, category: int, drawn: Counts) -> Counts:
        """(rounds,) the objects of a category in rounds that drew the kinds so often: (kinds, rounds)."""
        kinds, counts = self.of_category[category]
        total: Counts = counts @ drawn[kinds]
        return total


def kinds_of(objects: list[Images], alone: NDArray[np.bool_]) -> tuple[Kinds, NDArray[np.bool_]]:
    """The kinds of which at least `KIND_DRAWS` images are, and which images these are, of those that are `alone`.

    objects: of each category, the image of each object. alone: (images,), all of which hold an object.
    """
    held = [_counted(images[alone[images]]) for images in objects]
    kinds = _sorted(held, len(alone))
    common = np.bincount(kinds[alone], minlength=1) >= KIND_DRAWS
    together = alone & common[kinds]
    there, examples, sizes = np.unique(kinds[together], return_index=True, return_counts=True)
    example = np.zeros(len(alone), np.bool_)
    example[np.flatnonzero(together)[examples]] = True
    seen = [(images[example[images]], counts[example[images]]) for images, counts in held]
    of_category = [(np.searchsorted(there, kinds[images]), counts) for images, counts in seen]
    return Kinds(sizes.astype(np.int64), of_category), together


def _sorted(held: list[tuple[Images, Counts]], images: int) -> Counts:
    """(images,) the same number for images that hold the same. held: of each category images and how many each holds."""
    kinds, known = np.zeros(images, np.int64), 1
    for some, counts in held:
        # Alike so far and equally many of this category: alike still. Others keep their kind.
        span = int(counts.max(initial=0)) + 1
        _, fresh = np.unique(kinds[some] * span + counts, return_inverse=True)
        kinds[some] = known + fresh
        known += int(fresh.max(initial=-1)) + 1
    return kinds


def _counted(images: Images) -> tuple[NDArray[np.int32], Counts]:
    """The images, each once, and how often each stands there."""
    distinct, counts = np.unique(images, return_counts=True)
    return distinct, counts.astype(np.int64)
