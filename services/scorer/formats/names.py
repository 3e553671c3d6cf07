"""The names of a split's images: which number, from 1, a name stands for. The endings of files are left aside.

What can be wrong with a name is worded here too, for all formats that have names.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from services.scorer.formats.blocks import Bytes
from services.scorer.formats.wording import Words, shown
from shared.errors import Fault

LONGEST_NUMBER = 9
"""Digits: splits have at most 10,000,000 images."""

_PATTERN = re.compile(r"([^{}]*)\{:0(\d)d\}([^{}]*)")
_ENDING = re.compile(rb"\.[A-Za-z]{1,5}")


class Names(Protocol):
    """What readers ask of the names of images, however these are known. Numbers are from 1."""

    def name(self, number: int) -> str:
        """The name of the image with this number."""

    def number(self, name: bytes) -> int | None:
        """The image that `name` stands for; None if there is no such image."""

    def numbers(self, names: Bytes) -> NDArray[np.integer[Any]] | None:
        """What `names`, (names, bytes), stand for; None to have them looked at one by one."""


@dataclass(frozen=True, slots=True)
class ImageNames:
    """Names made of `before`, a number in at least `width` digits, and `after`; perhaps an ending such as .JPEG."""

    before: bytes
    width: int
    after: bytes

    def name(self, number: int) -> str:
        """The name of the image with this number."""
        return f"{self.before.decode()}{number:0{self.width}d}{self.after.decode()}"

    def number(self, name: bytes) -> int | None:
        """The image that `name` stands for; None if it is made otherwise."""
        if not name.startswith(self.before):
            return None
        digits = name[len(self.before) :][:LONGEST_NUMBER]
        digits = digits[: len(digits) - len(digits.lstrip(b"0123456789"))]
        whole = self.before + b"%0*d" % (self.width, int(digits or b"0")) + self.after
        if not digits or not name.startswith(whole):
            return None
        ending = name[len(whole) :]
        return int(digits) if not ending or _ENDING.fullmatch(ending) else None

    def numbers(self, names: NDArray[np.uint8]) -> NDArray[np.int64] | None:
        """What `names` (names, bytes) stand for; None if one of them is longer or made otherwise than most are."""
        start, stop = len(self.before), len(self.before) + self.width
        first = names[0].tobytes()
        if (known := self.number(first)) is None or known != int(first[start:stop]):
            return None
        usual = np.frombuffer(first, np.uint8)
        if (names[:, :start] != usual[:start]).any() or (names[:, stop:] != usual[stop:]).any():
            return None
        digits: Bytes = names[:, start:stop] - np.uint8(ord("0"))
        if (digits > 9).any():
            return None
        numbers = np.zeros(len(names), np.int64)
        for column in digits.T:
            numbers = numbers * 10 + column
        return numbers


def image_names(pattern: str) -> ImageNames | None:
    """The names that `pattern` makes (`Split.image_names`); None for the empty one."""
    found = _PATTERN.fullmatch(pattern)
    return ImageNames(found[1].encode(), int(found[2]), found[3].encode()) if found else None


NO_NAMES: Words = (
    "no-image-names",
    "This split has no list of the images' names, so rows cannot be told apart by them.",
    'Send rows in the order of the file names: {"predictions": [[1, 2, …], …]}.',
)


def unknown_image(name: bytes, names: Names, images: int) -> Words:
    """What is wrong with a name that none of the images 1 to `images` has."""
    remedy = f"The images are {names.name(1)} to {names.name(images)}."
    return "unknown-image", f"{shown(name)} is no image of this split.", remedy


def duplicate_image(name: bytes) -> Words:
    """What is wrong with a name that stood before."""
    return "duplicate-image", f"{shown(name)} stands here a second time.", "Write one row for each image."


def missing_images(named: NDArray[np.bool_], names: Names | None) -> Iterator[Fault]:
    """A fault for each image that was not `named`, (images,)."""
    for number in np.flatnonzero(~named) + 1:
        yield missing_image(names.name(int(number)) if names else f"number {number}")


def missing_image(name: str, what: str = "row") -> Fault:
    """The fault of a file that has no row (or mask) for an image."""
    return Fault("missing-image", f"There is no {what} for the image {name}.", f"Write one {what} for each image.")
