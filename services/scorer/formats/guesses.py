"""Reads guesses in whatever format they come: text, inline JSON, arrays of ids or of scores; and in any numbering.

The front of the readers: format_of → rows or wnids, json_rows, arrays. What comes out is aligned with the images.
"""

from dataclasses import dataclass

import numpy as np

from services.scorer.formats.arrays import open_array, read_ids, read_scores
from services.scorer.formats.blocks import Readable
from services.scorer.formats.json_rows import read_json
from services.scorer.formats.names import image_names
from services.scorer.formats.npy import refuse
from services.scorer.formats.numbering import FIRST, SCORES, Categories, Numbers
from services.scorer.formats.recognise import format_of
from services.scorer.formats.rows import Rows, read_rows
from services.scorer.formats.wnids import read_wnids, wnids_of
from shared.challenge import Numbering, Synset

ID_BYTES = 11
"""Ten digits (or a WNID, perhaps in quotes) and what stands behind it."""

EXTRA_ROOM = 4
"""A line may hold so many times the guesses that count, before its file is a mistake: 20 ids for five."""

NAME_BYTES = 200
"""For a row of JSON beside its ids: the image's name, brackets, line ends and indentation."""

LEAST_LIMIT_BYTES = 2**20
"""A megabyte is read in milliseconds, whatever it holds: its faults say more than its size."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be read: `width` guesses for each of `images` (None: any number), by the numbers `labels` says."""

    width: int
    images: int | None
    categories: Categories
    synsets: tuple[Synset, ...]
    image_names: str
    labels: Numbering


@dataclass(frozen=True, slots=True)
class Guesses:
    """Guesses as they were written. `labels`: how the numbers of `rows` are meant, by the file's author or by their column.

    `rows.numbers` is filled with 0 behind a row's length, whether or not 0 is a category.
    """

    rows: Rows
    labels: Numbering
    are_columns: bool = False

    def numbers(self, labels: Numbering) -> Numbers:
        """(images, width) numbers, had they been meant by `labels`; −1 where there is none and 0 is a category."""
        numbers = self.rows.numbers
        if self.are_columns:
            numbers = numbers + (FIRST[labels] - FIRST[self.labels])
        width = numbers.shape[1]
        if FIRST[labels] > 0 or not (self.rows.lengths < width).any():
            return numbers
        return np.where(np.arange(width) < self.rows.lengths[:, None], numbers, -1)


def read_guesses(data: Readable, wanted: Wanted) -> Guesses:
    """Read `data`. Raises `Unreadable`, whatever its bytes are, with every fault of it counted."""
    form = format_of(data)
    if form == "array":
        return _from_array(data, wanted)
    if wanted.images is not None:
        _refuse_long(data, wanted.images, wanted.width, NAME_BYTES if form == "json" else 0)
    wnids = wnids_of(wanted.synsets) if wanted.labels == "wnid" else None
    if form == "json":
        names = image_names(wanted.image_names)
        rows = read_json(data, wanted.width, wanted.images, names, wnids)
    elif wnids is not None:
        rows = read_wnids(data, wnids, wanted.width, wanted.images)
    else:
        rows = read_rows(data, wanted.width, wanted.images)
    return Guesses(rows, wanted.labels)


def _from_array(data: Readable, wanted: Wanted) -> Guesses:
    source, header = open_array(data, wanted.images, wanted.categories.count)
    if header.dtype.kind == "f":
        labels = SCORES[wanted.labels]
        return Guesses(read_scores(source, header, wanted.width, FIRST[labels]), labels, are_columns=True)
    if wanted.labels == "wnid":
        sentence = "The array holds whole numbers, and labels=wnid says that categories are named by WNIDs."
        refuse("not-a-wnid", sentence, "Say labels=ilsvrc, model-zoo or kaggle, or send WNIDs as text.")
    return Guesses(read_ids(source, header, wanted.width), wanted.labels)


def _refuse_long(data: Readable, images: int, width: int, name_bytes: int) -> None:
    """Text has a limit of its own, far below that of an array of scores: longer, it is a mistake, and told at once."""
    most = max(LEAST_LIMIT_BYTES, images * (EXTRA_ROOM * width * ID_BYTES + name_bytes))
    if len(data) > most:
        sentence = f"The file has {len(data):,} bytes; as text, {images:,} images need {most:,} at most."
        refuse("file-too-long", sentence, "Send one row of ids for each image; scores go into an .npy.")
