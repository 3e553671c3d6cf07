"""Reads guesses with boxes, in whatever format they come: text, Kaggle's CSV, inline JSON; and in any numbering.

The front of localization's readers. What comes out is aligned with the images; what categories the labels name is
found out later (`numbering`).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.scorer.formats.blocks import Readable, content
from services.scorer.formats.guesses import LEAST_LIMIT_BYTES, NAME_BYTES, Guesses, Wanted
from services.scorer.formats.json_located import read_json_located
from services.scorer.formats.kaggle import is_csv, open_csv
from services.scorer.formats.labelled import read_labelled
from services.scorer.formats.names import image_names
from services.scorer.formats.npy import refuse
from services.scorer.formats.numbering import Numbers
from services.scorer.formats.recognise import format_of
from services.scorer.formats.rows import Rows
from services.scorer.formats.table import Decimals, Grammar, Lines
from services.scorer.formats.table_kernel import DECIMAL, WHOLE
from services.scorer.formats.usual_located import read_usual_located
from services.scorer.formats.wnids import Wnids, wnids_of
from services.scorer.formats.wording import Speech
from shared.challenge import Numbering
from shared.errors import SHOWN_FAULTS, Fault, Unreadable

GROUP = 5
"""Numbers of a guess: a label and the four sides of its box."""

GROUP_BYTES = 120
"""A label of ten digits and four sides as programs print doubles, 24 bytes each, with what separates them."""

EXTRA_ROOM = 2
"""A line may hold so many times the guesses that count, before its file is a mistake."""

SPEECH = Speech(
    numbers="numbers",
    rows="one line per image, each guess a label and its box: label xmin ymin xmax ymax",
    number_remedy="Write numbers: a label, then xmin ymin xmax ymax, for each guess; 0 alone for no guess.",
    least="labels are numbers of categories",
    blank_remedy="Write 0 on the line of an image without a guess.",
    empty_field="There is no number beside this comma.",
    empty_remedy="Put one comma between two numbers, none at the ends.",
)

GRAMMAR = Grammar({"label": WHOLE, "xmin": DECIMAL, "ymin": DECIMAL, "xmax": DECIMAL, "ymax": DECIMAL}, SPEECH)


@dataclass(frozen=True, slots=True)
class Located:
    """Guesses as they were written, with their boxes: (images, k, 4) xmin, ymin, xmax, ymax, 0 where there is no guess.

    The boxes are a view: all sides of a kind lie together in memory.
    """

    guesses: Guesses
    boxes: Decimals


def read_located(data: Readable, wanted: Wanted) -> Located:
    """Read `data`. Raises `Unreadable`, whatever its bytes are, with every fault of it counted."""
    if wanted.labels != "ilsvrc":
        wanted.categories.need_ranked(wanted.labels)
    if wanted.images is not None:
        _refuse_long(data, wanted.images, wanted.width)
    form = format_of(data)
    if form == "array":
        refuse("other-format", "This is an array, and boxes are sent as text.", f"Write {SPEECH.rows}.")
    if form == "json":
        names, wnids = image_names(wanted.image_names), _wnids(wanted)
        text, order = read_json_located(data, wanted.images, names, wnids)
        return _located(read_labelled(text, GRAMMAR, wnids), wanted.width, wanted.labels, order)
    if is_csv(data):
        return _from_csv(data, wanted)
    if wanted.labels != "wnid" and wanted.images is not None:
        usual = read_usual_located(content(data), wanted.width, wanted.images)
        if usual is not None:
            numbers, groups, sides = usual
            return Located(Guesses(Rows(numbers, groups), wanted.labels), np.moveaxis(sides, 0, -1))
    lines = read_labelled(data, GRAMMAR, _wnids(wanted), wanted.images)
    refuse_incomplete(lines)
    return _located(lines, wanted.width, wanted.labels)


def _from_csv(data: Readable, wanted: Wanted) -> Located:
    """Kaggle's file names categories as Kaggle does, unless it is said otherwise."""
    labels: Numbering = "kaggle" if wanted.labels == "ilsvrc" else wanted.labels
    wanted.categories.need_ranked(labels)
    csv = open_csv(data, wanted.images, image_names(wanted.image_names))
    lines = read_labelled(csv.text.data, GRAMMAR, _wnids(wanted))
    refuse_incomplete(lines)
    return _located(lines.without_first(), wanted.width, labels, csv.images)


def _wnids(wanted: Wanted) -> Wnids | None:
    return wnids_of(wanted.synsets) if wanted.labels == "wnid" else None


def _refuse_long(data: Readable, images: int, width: int) -> None:
    most = max(LEAST_LIMIT_BYTES, images * (EXTRA_ROOM * width * GROUP_BYTES + NAME_BYTES))
    if len(data) > most:
        sentence = f"The file has {len(data):,} bytes; {images:,} images need {most:,} at most."
        refuse("file-too-long", sentence, f"Send {SPEECH.rows}.")


def no_guess(lines: Lines) -> NDArray[np.bool_]:
    """(lines,) which hold a lone 0."""
    single: NDArray[np.bool_] = lines.lengths == 1
    firsts = lines.values[lines.starts()[:-1][single]]
    single[single] = firsts == 0
    return single


def refuse_incomplete(lines: Lines) -> None:
    """Raise `Unreadable` if a line's numbers are not whole guesses, nor a lone 0."""
    wrong = np.flatnonzero((lines.lengths % GROUP != 0) & ~no_guess(lines))
    if len(wrong):
        faults = tuple(_incomplete(lines, int(row)) for row in wrong[:SHOWN_FAULTS])
        raise Unreadable(faults[0].code, faults[0].sentence, faults[0].remedy, faults, len(wrong))


def _incomplete(lines: Lines, row: int) -> Fault:
    """The fault of a line, at the first number of the guess that is cut short."""
    length = int(lines.lengths[row])
    sentence = f"The line has {length:,} numbers, which are no whole guesses of {GROUP}: this one has {length % GROUP}."
    remedy = "Write label xmin ymin xmax ymax for each guess, or 0 alone for no guess."
    return lines.fault(row, length - length % GROUP, "incomplete-box", sentence, remedy)


def _located(lines: Lines, width: int, labels: Numbering, order: Numbers | None = None) -> Located:
    """The first `width` guesses of each line side by side. `order`: the image, from 1, of each line."""
    groups = np.where(no_guess(lines), 0, lines.lengths // GROUP).astype(np.int32)
    starts = lines.starts()[:-1]
    rank = np.arange(width)
    inside = rank < groups[:, None]
    places = np.where(inside, starts[:, None] + rank * GROUP, 0)
    numbers = np.where(inside, lines.values[places], 0).astype(np.int32)
    boxes = np.moveaxis(np.zeros((4, *inside.shape)), 0, -1)
    for side in range(4):
        boxes[:, :, side][inside] = lines.values[places[inside] + 1 + side]
    if order is not None:
        images = np.argsort(order, kind="stable")
        numbers, boxes, groups = numbers[images], boxes[images], groups[images]
    return Located(Guesses(Rows(numbers, groups), labels), boxes)
