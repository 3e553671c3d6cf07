"""Which images there are, by the names of their files: as a truth or a pattern lists them, or as they are met.

Numbers are from 1, in the alphabetical order of the names. A name counts without its ending, too, where no two images
share what is left. Read through by `named_rows`, `json_rows` and `masks`.
"""

import re
from collections.abc import Callable, Sequence
from itertools import repeat
from pathlib import PurePosixPath

import numpy as np

from services.scorer.formats.blocks import Bytes
from services.scorer.formats.names import image_names
from services.scorer.formats.numbering import Numbers

_ENDING = re.compile(rb"\.[A-Za-z]{1,5}\Z")


def stem(name: bytes) -> bytes:
    """`name` without an ending such as .jpg."""
    return _ENDING.sub(b"", name)


class Roster:
    """The images with these `names`, which must differ; None: any image, numbered when it is first met."""

    def __init__(self, names: Sequence[bytes] | None) -> None:
        self.images = None if names is None else len(names)
        self._names = sorted(names or ())
        self._numbers = {name: number for number, name in enumerate(self._names, start=1)}
        self._by_stem: dict[bytes, int] | None = None
        self._by_base: dict[bytes, int] | None = None

    def name(self, number: int) -> str:
        """The name of the image with this number."""
        return self._names[number - 1].decode("utf-8", "replace")

    def number(self, name: bytes) -> int | None:
        """The image that `name` stands for; None if there is no such image."""
        if self.images is None:
            return self._numbers.setdefault(stem(name), len(self._numbers) + 1)
        return self._numbers.get(name) or self._without_ending(name)

    def find(self, names: Sequence[bytes]) -> Numbers:
        """What `names` stand for: (names,) numbers, 0 for what is no image."""
        if self.images is None:
            return np.fromiter((self.number(name) or 0 for name in names), np.int64, len(names))
        found = np.fromiter(map(self._numbers.get, names, repeat(0)), np.int64, len(names))
        for place in np.flatnonzero(found == 0).tolist():
            found[place] = self._without_ending(names[place]) or 0
        return found

    def numbers(self, names: Bytes) -> Numbers | None:
        """What `names`, (names, bytes), stand for; None if one is no image, or if nothing is known of the images."""
        if self.images is None:
            return None
        whole = np.ascontiguousarray(names).view(f"S{names.shape[1]}").ravel()
        found = self.find(whole.tolist())
        return found if found.all() else None

    def alike(self, name: bytes) -> str | None:
        """The image in another folder whose file has this name, if there is just one."""
        if self._by_base is None:
            self._by_base = self._unique(lambda known: stem(_base(known)))
        number = self._by_base.get(stem(_base(name)))
        return self.name(number) if number else None

    def _without_ending(self, name: bytes) -> int | None:
        if self._by_stem is None:
            self._by_stem = self._unique(stem)
        return self._by_stem.get(stem(name))

    def _unique(self, key: Callable[[bytes], bytes]) -> dict[bytes, int]:
        """Numbers by what `key` makes of the names, without what it makes of several."""
        made = [key(name) for name in self._names]
        found = {each: number for number, each in enumerate(made, start=1)}
        if len(found) == len(made):
            return found
        several = {left for left, right in zip(sorted(made), sorted(made)[1:], strict=False) if left == right}
        return {each: number for each, number in found.items() if each not in several}


def expected_roster(pattern: str, images: int | None) -> Roster:
    """What is known of the images without a truth: the names that a split's pattern makes, or nothing."""
    names = image_names(pattern)
    if names is None or images is None:
        return Roster(None)
    return Roster([names.name(number).encode() for number in range(1, images + 1)])


def _base(name: bytes) -> bytes:
    return PurePosixPath(name.decode("utf-8", "surrogateescape")).name.encode("utf-8", "surrogateescape")
