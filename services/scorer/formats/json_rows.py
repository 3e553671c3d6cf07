"""Reads inline JSON: {"predictions": {"<image>": [ids], …}}, or a list of rows in file order; or either without its field.

Strict: whole numbers (or WNIDs) only, exactly the images of the split, each once, in any order.
"""

from array import array

import numpy as np

from services.scorer.formats.blocks import Bytes, Readable, content
from services.scorer.formats.faults import wrong_count
from services.scorer.formats.json_blocks import Usual, read_usual
from services.scorer.formats.json_scan import Scan
from services.scorer.formats.names import Names, missing_images
from services.scorer.formats.numbering import Numbers
from services.scorer.formats.rows import Rows
from services.scorer.formats.wnids import Wnids


def read_json(data: Readable, width: int, images: int | None, names: Names | None, wnids: Wnids | None = None) -> Rows:
    """Rows in the order of the images, `width` numbers of each kept; with `wnids`, these are ids of synsets.

    Raises `Unreadable` with every fault counted. Memory: the text, what is returned, and a few numbers for each row.
    """
    text = content(data)
    usual = read_usual(text, width, names) if wnids is None else None
    if usual is not None and _is_whole(usual, images):
        return usual.rows if usual.images is None else _in_order(usual.rows, usual.images)
    return _scanned(text, width, images, names, wnids)


def _is_whole(usual: Usual, images: int | None) -> bool:
    """Whether there is a row for each image, and one only."""
    rows = len(usual.rows.lengths)
    if usual.images is None:
        return images is None or rows == images
    if rows != images or usual.images.min() < 1 or usual.images.max() > rows:
        return False
    return bool((np.bincount(usual.images)[1:] == 1).all())


def _in_order(rows: Rows, images: Numbers) -> Rows:
    places = images - 1
    numbers, lengths = np.empty_like(rows.numbers), np.empty_like(rows.lengths)
    numbers[places], lengths[places] = rows.numbers, rows.lengths
    return Rows(numbers, lengths)


def _scanned(text: Bytes, width: int, images: int | None, names: Names | None, wnids: Wnids | None) -> Rows:
    scan = Scan(text.tobytes(), width, images, names, wnids)
    read_whole(scan, images, names)
    rows = Rows(_numbers(scan.ids).reshape(len(scan.lengths), width), _numbers(scan.lengths))
    return _in_order(rows, _numbers(scan.images)) if scan.named else rows


def read_whole(scan: Scan, images: int | None, names: Names | None) -> None:
    """Read the text of `scan` to its end. Raises `Unreadable` with every fault, also for rows missing or too many."""
    scan.read()
    faults, found = scan.cursor.faults, len(scan.lengths)
    if scan.named and images:
        named = np.frombuffer(scan.first, np.int64)[1:] > 0
        faults.add(missing_images(named, names), len(named) - int(np.count_nonzero(named)))
    elif found != (expected := max(found, 1) if images is None else images):
        faults.add((wrong_count(expected, found),), 1)
    faults.refuse()


def _numbers(kept: "array[int]") -> Numbers:
    return np.array(kept, np.int32)
