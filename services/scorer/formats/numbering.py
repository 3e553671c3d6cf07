"""Turns what a file calls a category into the definition's id, by one of four numberings. Pure.

After the readers, before the scoring: text, JSON and arrays give numbers; from here on there are only ids.
"""

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shared.challenge import Numbering, Synset
from shared.errors import Fault, Unreadable

Numbers = NDArray[np.integer[Any]]

WNID = re.compile(rb"n[0-9]{8}")

FIRST: dict[Numbering, int] = {"ilsvrc": 1, "model-zoo": 0, "kaggle": 1, "wnid": 1}
"""The number of the first category; `wnid` as its reader gives it, which looks WNIDs up by id."""

SCORES: dict[Numbering, Numbering] = {
    "ilsvrc": "ilsvrc",
    "model-zoo": "model-zoo",
    "kaggle": "model-zoo",
    "wnid": "model-zoo",
}
"""How the columns of scores are numbered from 0: by id − 1, or by alphabetical rank, which all the others share."""


@dataclass(frozen=True, slots=True)
class Named:
    """Aligned with what was numbered: ids (int32, 0 for no guess and for what is no category); which are the latter."""

    ids: Numbers
    unknown: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Categories:
    """The categories 1 to `count` by their numbers; `ranked`, (count,) ids in the alphabetical order of their WNIDs.

    `count` is None where nothing is known of the categories, and `ranked` where their WNIDs are not known.
    """

    count: int | None
    ranked: Numbers | None

    def named(self, numbers: Numbers, labels: Numbering) -> Named:
        """Which categories `numbers` (whole, ≥ 0) name. A number outside the numbering is unknown, never an error.

        Where categories count from 1, 0 is no guess. Raises `Unreadable` where the WNIDs would have to be known.
        """
        if labels in ("ilsvrc", "wnid"):
            return self._by_id(numbers)
        ranked = self.need_ranked(labels)
        ranks = numbers.astype(np.int64) - FIRST[labels]
        inside = (ranks >= 0) & (ranks < len(ranked))
        ids = np.where(inside, ranked[np.where(inside, ranks, 0)], 0).astype(np.int32)
        return Named(ids, ~inside & (ranks >= 0))

    def need_ranked(self, labels: Numbering) -> Numbers:
        """`ranked`. Raises `Unreadable` where it is not known: `labels` cannot be read then."""
        if self.ranked is not None:
            return self.ranked
        sentence = f"This challenge has no WNIDs, by which the numbering {labels} is defined."
        remedy = "Send the definition's own ids, with labels=ilsvrc."
        raise Unreadable("no-wnids", sentence, remedy, (Fault("no-wnids", sentence, remedy),))

    def _by_id(self, numbers: Numbers) -> Named:
        if self.count is None:
            return Named(numbers, np.zeros(numbers.shape, np.bool_))
        unknown = numbers > self.count
        return Named(np.where(unknown, 0, numbers) if unknown.any() else numbers, unknown)


def categories_of(count: int | None, synsets: tuple[Synset, ...]) -> Categories:
    """The first `count` of `synsets`, with ranks if each has a WNID of its own: the kit's have an n and eight digits."""
    wnids = [synset.wnid for synset in synsets[:count]]
    if count is None or len(set(wnids)) < count or not all(WNID.fullmatch(wnid.encode()) for wnid in wnids):
        return Categories(count, None)
    order = sorted(range(len(wnids)), key=wnids.__getitem__)
    return Categories(count, np.array(order, np.int32) + 1)
