"""Reads arrays (.npy, .npz): ids, (images, guesses) whole numbers; or scores, (images, categories) floats.

Last step of reading arrays: recognise → npz → npy → arrays. Memory: what is returned, and one block of rows.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from services.scorer.formats import npz
from services.scorer.formats.blocks import Readable
from services.scorer.formats.faults import FaultList, wrong_count
from services.scorer.formats.npy import Array, Header, Source, Whole, read_header, refuse, row_blocks
from services.scorer.formats.numbering import Numbers
from services.scorer.formats.rows import Rows
from services.scorer.formats.tokens import LARGEST
from shared.errors import SHOWN_FAULTS, Fault

WIDEST = 8
"""Bytes of the widest number read."""

UNKNOWN_MOST_BYTES = 2**30
"""What an archive may unfold to where the number of images or categories is not known: 1 GiB."""


def open_array(data: Readable, images: int | None, categories: int | None) -> tuple[Source, Header]:
    """The array's bytes behind its header. Raises `Unreadable`, also for another number of rows than `images`."""
    archived = bytes(memoryview(data).cast("B")[:4]) == npz.MAGIC
    source = npz.open_npz(data, _most_bytes(images, categories)) if archived else Whole(data)
    header = read_header(source)
    if images is not None and header.rows != images:
        fault = wrong_count(images, header.rows)
        refuse(fault.code, fault.sentence, fault.remedy)
    if header.dtype.kind == "f" and categories is not None and header.columns != categories:
        sentence = f"There are {header.columns:,} columns of floats; scores need {categories:,}, one per category."
        refuse("array-shape", sentence, "Send a score for each category, or ids as whole numbers (astype(int)).")
    return source, header


def _most_bytes(images: int | None, categories: int | None) -> int:
    """Scores of the widest type, or as many ids, and a header for each member."""
    array = images * categories * WIDEST if images and categories else UNKNOWN_MOST_BYTES
    return array + npz.MOST_MEMBERS * 2**14


def read_ids(source: Source, header: Header, width: int) -> Rows:
    """The first `width` columns. Raises `Unreadable` for negative numbers and those above `LARGEST`."""
    faults = FaultList("Row")
    kept = []
    for first, block in _numbered(source, header):
        ids = block[:, :width]
        wrong = (ids < 0) | (ids > LARGEST)
        if wrong.any():
            faults.add(_wrong_ids(ids, wrong, first), int(np.count_nonzero(wrong)))
        kept.append(ids.astype(np.int32))
    faults.refuse()
    numbers = np.zeros((header.rows, width), np.int32)
    numbers[:, : header.columns] = np.concatenate(kept)
    return Rows(numbers, np.full(header.rows, header.columns, np.int32))


def read_scores(source: Source, header: Header, width: int, first_number: int) -> Rows:
    """The numbers of the `width` highest scores of each row, high to low; of equal ones the first column's.

    Columns are numbered from `first_number`. Infinities are scores like others. Raises `Unreadable` for NaN.
    """
    faults = FaultList("Row")
    kept = []
    width_here = min(width, header.columns)
    for first, block in _numbered(source, header):
        best = highest(block, width_here)
        if np.isnan(np.take_along_axis(block, best[:, :1], axis=1)).any():
            nan = np.isnan(block)
            faults.add(_nan(nan, first), int(np.count_nonzero(nan)))
        kept.append(best.astype(np.int32))
    faults.refuse()
    numbers = np.zeros((header.rows, width), np.int32)
    numbers[:, :width_here] = np.concatenate(kept) + np.int32(first_number)
    return Rows(numbers, np.full(header.rows, width_here, np.int32))


def highest(scores: Array, width: int) -> NDArray[np.intp]:
    """(rows, width) columns of the highest scores, high to low, of equal ones the first; NaN is higher than all.

    `width` times the maximum, which numpy takes from the first of several, and which is then put out of the way.
    """
    # A copy in the machine's byte order; half floats are slow to compare.
    left = scores.astype(np.float64 if scores.dtype.itemsize == WIDEST else np.float32)
    rows = np.arange(len(left))
    best = np.zeros((len(left), width), np.intp)
    for rank in range(width):
        if rank > 0:
            left[rows, best[:, rank - 1]] = -np.inf
        best[:, rank] = left.argmax(axis=1)
    # Where so few are above minus infinity, what was put out of the way cannot be told from what is left.
    few = np.flatnonzero(left[rows, best[:, -1]] == -np.inf)
    best[few] = np.argsort(-scores[few], axis=1, kind="stable")[:, :width]
    return best


def _numbered(source: Source, header: Header) -> Iterator[tuple[int, Array]]:
    """Blocks of rows, each with the number of its first row, from 1."""
    first = 1
    for block in row_blocks(source, header):
        yield first, block
        first += len(block)


def _wrong_ids(ids: Numbers, wrong: NDArray[np.bool_], first: int) -> Iterator[Fault]:
    for row, column in _places(wrong):
        number = int(ids[row, column])
        if number < 0:
            remedy = "Repeat another guess of the row where there is none: it counts for nothing."
            yield Fault("negative-number", f"{number} is negative.", remedy, first + row, column + 1)
        else:
            sentence = f"{number} is above {LARGEST:,}, the greatest number read."
            remedy = "Write the numbers of categories."
            yield Fault("number-too-large", sentence, remedy, first + row, column + 1)


def _nan(nan: NDArray[np.bool_], first: int) -> Iterator[Fault]:
    for row, column in _places(nan):
        remedy = "Send numbers only: NaN is neither high nor low."
        yield Fault("score-is-nan", "The score is NaN.", remedy, first + row, column + 1)


def _places(wrong: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """The first places, row by row, as many as can be shown."""
    return [(int(row), int(column)) for row, column in np.argwhere(wrong)[:SHOWN_FAULTS]]
