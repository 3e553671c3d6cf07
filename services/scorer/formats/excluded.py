"""Reads the part `excluded` of a truth: what is not judged. Pairs `<image> <WNID or category>`, or images alone."""

import re

import numpy as np
from numpy.typing import NDArray

from services.scorer.formats.blocks import Readable, content
from services.scorer.formats.wording import shown
from shared.challenge import Synset
from shared.errors import SHOWN_FAULTS, Fault, Unreadable

Pairs = NDArray[np.int32]
"""(pairs, 2): image and category, both from 1; sorted by category, each once."""

NO_PAIRS: Pairs = np.empty((0, 2), np.int32)

_NUMBER = re.compile(rb"[1-9]\d{0,8}")


_NO_WNIDS = "an image's index and a category (WNIDs need --definition)"


def read_pairs(part: Readable, images: int, synsets: tuple[Synset, ...]) -> Pairs:
    """Pairs of image and category. Raises `Unreadable` with every line that is none, by its number."""
    ids = {synset.wnid.encode(): synset.id for synset in synsets}
    expected = "an image's index and a WNID or category" if ids else _NO_WNIDS
    pairs, faults = [], []
    for line, words in enumerate(_lines(part), start=1):
        image = _number(words[0], images) if len(words) == 2 else None
        category = ids.get(words[1], _number(words[1], None)) if len(words) == 2 else None
        if image and category:
            pairs.append((image, category))
        else:
            faults.append(_fault(line, words, expected))
    _refuse(faults)
    found = sorted(set(pairs), key=lambda pair: pair[::-1])
    return np.array(found, np.int32).reshape(-1, 2)


def read_images(part: Readable, images: int | None) -> NDArray[np.int32]:
    """Indices of images, one for each line, up to `images` if told. Raises `Unreadable` with every line that is none."""
    found, faults = [], []
    for line, words in enumerate(_lines(part), start=1):
        image = _number(words[0], images) if len(words) == 1 else None
        if image:
            found.append(image)
        else:
            faults.append(_fault(line, words, "an index of the list"))
    _refuse(faults)
    return np.array(found, np.int32)


def in_every_category(images: NDArray[np.int32], categories: int) -> Pairs:
    """Each of `images` once, with each category from 1 to `categories`."""
    images, ids = np.unique(images), np.arange(1, categories + 1, dtype=np.int32)
    return np.column_stack([np.tile(images, categories), np.repeat(ids, len(images))])


def _lines(part: Readable) -> list[list[bytes]]:
    text = content(part).tobytes()
    return [line.split() for line in text.split(b"\n")] if text else []


def _number(word: bytes, most: int | None) -> int | None:
    number = int(word) if _NUMBER.fullmatch(word) else None
    return number if number and (most is None or number <= most) else None


def _fault(line: int, words: list[bytes], expected: str) -> Fault:
    sentence = f"{shown(b' '.join(words))} is not {expected}."
    return Fault(
        "excluded-unreadable", sentence, "Write one pair or index in a line, as the task's page says.", line, 1
    )


def _refuse(faults: list[Fault]) -> None:
    if faults:
        first = faults[0]
        sentence = f"excluded, line {first.line}: {first.sentence}"
        raise Unreadable(first.code, sentence, first.remedy, tuple(faults[:SHOWN_FAULTS]), len(faults))
