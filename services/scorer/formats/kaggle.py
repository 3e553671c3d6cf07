"""Opens Kaggle's CSV, `ImageId,PredictionString`: takes the names of images out, and leaves the lines of numbers.

Before `labelled`, for localization. Nothing moves: a fault that is found later has its own line and column.
"""

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from services.scorer.formats.blocks import Bytes, Readable, content
from services.scorer.formats.faults import FaultList
from services.scorer.formats.names import NO_NAMES, ImageNames, duplicate_image, missing_images, unknown_image
from services.scorer.formats.npy import refuse
from services.scorer.formats.numbering import Numbers
from services.scorer.formats.tokens import Positions
from shared.errors import Fault

HEADING = b"ImageId,PredictionString"

_COMMA, _NEWLINE, _SPACE, _ZERO = (np.uint8(ord(letter)) for letter in ",\n 0")
_BLANK_BYTES = 4
"""A line that ends so soon behind its comma may hold no guess."""


@dataclass(frozen=True, slots=True)
class Csv:
    """`text`: the lines with blanks for heading and names, and a 0 where nothing else stands; the first is the heading.

    images: (lines − 1,) the number, from 1, of each line's image; each image is there once.
    """

    text: Bytes
    images: Numbers


@dataclass(frozen=True, slots=True)
class _Fields:
    """Where the lines behind the heading start, their first commas are, and they end."""

    starts: Positions
    commas: Positions
    ends: Positions


def is_csv(data: Readable) -> bool:
    """Whether the file begins with the heading."""
    return content(data)[: len(HEADING)].tobytes().lower() == HEADING.lower()


def open_csv(data: Readable, images: int | None, names: ImageNames | None) -> Csv:
    """Open `data`, lines in any order. Raises `Unreadable` unless each of the images has one line."""
    if names is None:
        code, sentence, _ = NO_NAMES
        refuse(code, sentence, "Send lines in the order of the file names, without names and heading.")
    text = content(data).copy()
    faults = FaultList()
    fields = _fields(text, faults)
    numbers = _numbers(text, fields, names)
    total = images or max(int(numbers.max(initial=0)), 1)
    _look(text, fields, numbers, total, names, faults)
    faults.refuse()
    _blank_out(text, fields)
    return Csv(text, numbers)


def _fields(text: Bytes, faults: FaultList) -> _Fields:
    ends = np.append(np.flatnonzero(text == _NEWLINE), len(text))
    starts, ends = ends[:-1] + 1, ends[1:]
    commas = np.append(np.flatnonzero(text == _COMMA), len(text))
    first = commas[np.searchsorted(commas, starts)]
    without = np.flatnonzero(first >= ends)
    sentence, remedy = "There is no comma behind the image's name.", "Write ImageId,PredictionString on each line."
    faults.add((Fault("no-comma", sentence, remedy, int(row) + 2, 1) for row in without), len(without))
    faults.refuse()
    return _Fields(starts, first, ends)


def _numbers(text: Bytes, fields: _Fields, names: ImageNames) -> Numbers:
    """(lines,) the number of each line's image, 0 for a name that is made otherwise."""
    lengths = fields.commas - fields.starts
    if len(lengths) and lengths[0] and (lengths == lengths[0]).all():
        usual = names.numbers(sliding_window_view(text, int(lengths[0]))[fields.starts])
        if usual is not None:
            return usual
    written = zip(fields.starts.tolist(), fields.commas.tolist(), strict=True)
    return np.array([names.number(_name(text, *ends)) or 0 for ends in written], np.int64)


def _name(text: Bytes, start: int, stop: int) -> bytes:
    return text[start:stop].tobytes().strip()


def _look(text: Bytes, fields: _Fields, numbers: Numbers, images: int, names: ImageNames, faults: FaultList) -> None:
    """Add the faults of names that are unknown, there twice, or missing."""
    unknown = (numbers < 1) | (numbers > images)
    known = np.where(unknown, 0, numbers)
    _, first = np.unique(known, return_index=True)
    again = ~unknown
    again[first] = False
    for wrong, word in ((unknown, lambda name: unknown_image(name, names, images)), (again, duplicate_image)):
        rows = np.flatnonzero(wrong)
        told = (
            Fault(*word(_name(text, int(fields.starts[row]), int(fields.commas[row]))), int(row) + 2, 1) for row in rows
        )
        faults.add(told, len(rows))
    named = np.zeros(images + 1, np.bool_)
    named[known] = True
    faults.add(missing_images(named[1:], names), images - int(np.count_nonzero(named[1:])))


def _blank_out(text: Bytes, fields: _Fields) -> None:
    """Put blanks for what is no number, and 0 for the guess of a line without one, and of the heading."""
    lengths = fields.commas - fields.starts + 1
    if len(lengths) and (lengths == lengths[0]).all():
        sliding_window_view(text, int(lengths[0]), writeable=True)[fields.starts] = _SPACE
    else:
        for start, comma in zip(fields.starts.tolist(), fields.commas.tolist(), strict=True):
            text[start : comma + 1] = _SPACE
    for row in np.flatnonzero(fields.ends - fields.commas <= _BLANK_BYTES):
        comma = int(fields.commas[row])
        if not text[comma + 1 : fields.ends[row]].tobytes().strip():
            text[comma] = _ZERO
    heading = text[: fields.starts[0] - 1 if len(fields.starts) else len(text)]
    heading[heading != ord("\r")] = _SPACE
    text[0] = _ZERO
