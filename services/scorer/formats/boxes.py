"""Reads boxes of objects in images: detections, and ground truth in the same grammar. Text here, JSON in `json_boxes`.

What comes out is within the split's list of images; categories may be any from 1.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from services.scorer.formats.blocks import Readable, content
from services.scorer.formats.faults import FaultList
from services.scorer.formats.json_boxes import read_json_table
from services.scorer.formats.recognise import format_of
from services.scorer.formats.table import Decimals, Grammar, read_table
from services.scorer.formats.table_kernel import DECIMAL, SIGNED, UNBOUNDED, WHOLE
from services.scorer.formats.wording import Speech
from shared.errors import SHOWN_FAULTS, Fault
from shared.report import Note

MOST_IMAGES = 10_000_000
"""The highest index where the number of images is not known: as many as a split may have."""

_CORNERS = {"xmin": DECIMAL, "ymin": DECIMAL, "xmax": DECIMAL, "ymax": DECIMAL}

_ONE_CATEGORY = "Category 0 does not exist: ids start at 1. If yours start at 0, add 1 to each."


def box_grammar(image: str, with_track: bool = False) -> Grammar:
    """The columns of a line; `image` is what the first one is called. A track's place is kept, and is always -1."""
    track = {"track": SIGNED} if with_track else {}
    columns = {image: WHOLE, "category": WHOLE, **track, "confidence": UNBOUNDED, **_CORNERS}
    speech = Speech(
        numbers="numbers",
        rows=f"one line per detection: {' '.join(columns)}",
        number_remedy="Write numbers in digits: 12 or 0.75.",
        least="indices and ids start at 1",
        negative_remedy="Write the index or id that the challenge's lists give.",
        name_remedy=f"Write the {image}'s index in the split's list, not its name.",
        blank_line="The line is blank.",
        blank_remedy=f"Leave it out: where nothing was found in a {image}, no line is needed.",
        empty_field="There is no number beside this comma.",
        empty_remedy="Put one comma between two numbers, none at the ends.",
    )
    return Grammar(columns, speech)


_FIRST_ROW_BYTES = 4096

_FIRST_LINE = re.compile(rb"[^\r\n]*")
_FIRST_LIST = re.compile(rb"\[([^][]*)]")


def first_row_length(data: Readable) -> int:
    """How many numbers the first row has, of text or of JSON; 0 where there is none near the start."""
    head = content(data)[:_FIRST_ROW_BYTES].tobytes()
    if head.lstrip()[:1] in (b"[", b"{"):
        found = _FIRST_LIST.search(head)
        row = found.group(1) if found else b""
    else:
        row = _FIRST_LINE.match(head).group()  # type: ignore[union-attr]
    return len(row.replace(b",", b" ").split())


class Rows(Protocol):
    """Rows of numbers that know where in the file each stands: `Table`, or the rows of a JSON file."""

    @property
    def values(self) -> Decimals:
        """(columns, rows)."""

    def faults(self, code: str, rows: Iterable[int], column: int, sentence: str, remedy: str) -> Iterator[Fault]:
        """A fault for each of `rows` (from 0), at the number of its `column`, which {0} in the sentence stands for."""


@dataclass(frozen=True, slots=True)
class Boxes:
    """Boxes in the order of the file: images, categories (n,) int32 from 1; confidences (n,); corners (4, n): xmin,
    ymin, xmax, ymax, all inclusive pixels.
    """

    images: NDArray[np.int32]
    categories: NDArray[np.int32]
    confidences: Decimals
    corners: Decimals

    def inverted(self) -> NDArray[np.bool_]:
        """Which boxes end before they start."""
        xmin, ymin, xmax, ymax = self.corners
        inverted: NDArray[np.bool_] = (xmax < xmin) | (ymax < ymin)
        return inverted

    def counts(self, images: str) -> dict[str, int]:
        """How many boxes there are, and in how many `images`."""
        return {"detections": len(self.images), images: len(np.unique(self.images))}


def read_boxes(data: Readable, grammar: Grammar, images: int | None, coco: bool = False) -> Boxes:
    """Read `data`: text, or a JSON list of rows; with `coco`, also COCO's results.

    Raises `Unreadable` with every fault counted: spelling first, then indices outside 1 … `images`, category 0 and
    tracks other than -1.
    """
    if format_of(data) == "json":
        return _checked(read_json_table(data, grammar, coco), grammar, images)
    return _checked(read_table(data, grammar), grammar, images)


def _checked(rows: Rows, grammar: Grammar, images: int | None) -> Boxes:
    values, names = rows.values, list(grammar.columns)
    greatest = MOST_IMAGES if images is None else images
    faults = FaultList()
    outside = (values[0] < 1) | (values[0] > greatest)
    sentence = f"{names[0].capitalize()} {{0}} is not in the list, which has 1 to {greatest:,}."
    _refuse(faults, rows, outside, 0, f"unknown-{names[0]}", sentence, f"Write the {names[0]}'s index in the list.")
    _refuse(faults, rows, values[1] < 1, 1, "unknown-category", _ONE_CATEGORY, "Number categories as the list does.")
    if "track" in names:
        sentence = "The track is {0}: without tracking it is -1 in every row."
        _refuse(faults, rows, values[2] != -1, 2, "unexpected-track", sentence, "Write -1 in the third column.")
    faults.refuse()
    return Boxes(values[0].astype(np.int32), values[1].astype(np.int32), values[-5], values[-4:])


def _refuse(
    faults: FaultList, rows: Rows, wrong: NDArray[np.bool_], column: int, code: str, sentence: str, remedy: str
) -> None:
    """Add a fault for each row that is `wrong`."""
    if wrong.any():
        found = np.flatnonzero(wrong)
        told = rows.faults(code, found[:SHOWN_FAULTS].tolist(), column, sentence, remedy)
        faults.add(told, len(found))


def largest(*images: NDArray[np.int32]) -> int:
    """How many images a truth speaks of, where no list tells their number."""
    return max(int(each.max(initial=0)) for each in images)


def box_notes(boxes: Boxes, categories: int | None) -> tuple[Note, ...]:
    """What was accepted as the development kit accepts it, but may not be what its author meant."""
    found = [("inverted-boxes", boxes.inverted(), "Boxes with xmax < xmin or ymax < ymin hit nothing: give corners.")]
    if categories:
        sentence = f"Rows of categories above {categories} were left out."
        found.append(("unknown-categories", boxes.categories > categories, sentence))
    return tuple(
        Note(code=code, sentence=sentence, count=int(np.count_nonzero(rows)), first_line=int(rows.argmax()) + 1)
        for code, rows, sentence in found
        if rows.any()
    )


def read_true_boxes(data: Readable, grammar: Grammar, images: int | None, categories: int | None) -> Boxes:
    """Read a truth: text in the grammar of detections, whose confidences say nothing.

    Raises `Unreadable`, also for a category above `categories` and for a box that ends before it starts.
    """
    table = read_table(data, grammar)
    boxes = _checked(table, grammar, images)
    faults = FaultList()
    if categories:
        sentence = f"Category {{0}} is not in the list, which has 1 to {categories:,}."
        above = boxes.categories > categories
        _refuse(faults, table, above, 1, "unknown-category", sentence, "Number categories as the list does.")
    sentence = "The box ends before it starts."
    _refuse(faults, table, boxes.inverted(), len(grammar.columns) - 4, "inverted-box", sentence, "Mend its corners.")
    faults.refuse()
    return boxes
