"""Rows of boxes that are not what their author meant: refused ones by the first lines, accepted ones by their corners.

The rules of the tasks whose lines are one box each: image or frame, category, perhaps a track, confidence, four corners.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from services.scorer.diagnosis import layout, tables
from services.scorer.diagnosis.cause import Cause
from services.scorer.diagnosis.fractions import FRACTIONS, are_fractions
from services.scorer.diagnosis.notes import ENOUGH, MANY
from services.scorer.diagnosis.sight import Sight, shown, words_of
from shared.report import Note

Decimals = NDArray[np.float64]
Rule = Callable[[Sight], Cause | None]

_WHOLE = re.compile(r"-?\d+", re.ASCII)
_DECIMAL = re.compile(r"[-+]?(\d+\.\d*|\.\d+)([eE][-+]?\d+)?", re.ASCII)
_SEPARATED = re.compile(r"[\d.eE+-]*([;|])[\d.eE+;|-]*", re.ASCII)
_SEPARATORS = {";": "semicolons", "|": "pipes"}


def rules(columns: Sequence[str]) -> tuple[Rule, ...]:
    """The rules for lines of these columns, the most telling first."""
    of_columns = (_names, _separators, _no_track_column, _track_column, _no_scores, _swapped, _from_zero)
    return (*layout.OF_BOXES, _heading, *(partial(rule, columns) for rule in of_columns))


def _heading(sight: Sight) -> Cause | None:
    cause = tables.HEADING(sight)
    return cause and replace(cause, remedy="Leave the heading out: every line is a box.")


def _names(columns: Sequence[str], sight: Sight) -> Cause | None:
    words = _column(sight, 0)
    if not words or not all(map(tables.NAME.fullmatch, words)):
        return None
    sentence = f"Each line starts with the name of its {columns[0]} ({shown(words[0])}), and an index was expected."
    return Cause("image-names", sentence, f"Write the {columns[0]}'s index in the split's list, from 1.")


def _separators(_: Sequence[str], sight: Sight) -> Cause | None:
    words = _column(sight, 0)
    match = _SEPARATED.fullmatch(words[0]) if words else None
    if match is None or not all(map(_SEPARATED.fullmatch, words)):
        return None
    sentence = f"Numbers are separated by {_SEPARATORS[match[1]]} ({shown(words[0])})."
    return Cause("other-separator", sentence, "Separate numbers by spaces, tabs or single commas.")


def _no_track_column(columns: Sequence[str], sight: Sight) -> Cause | None:
    """A whole number in the third place is a track: then something else is missing."""
    if "track" not in columns or not _all_of(sight, len(columns) - 1) or _all_whole(sight, 2):
        return None
    sentence = f"Lines have {len(columns) - 1} numbers: the third column, that of tracks, is missing."
    return Cause("no-track-column", sentence, f"Write {' '.join(columns)}; the track is -1 where there are no tracks.")


def _track_column(columns: Sequence[str], sight: Sight) -> Cause | None:
    if "track" in columns or not _all_of(sight, len(columns) + 1) or not _all_whole(sight, 2):
        return None
    sentence = f"Lines have {len(columns) + 1} numbers: a column of tracks stands in the third place."
    return Cause("track-column", sentence, f"Leave it out: {' '.join(columns)}.")


def _no_scores(columns: Sequence[str], sight: Sight) -> Cause | None:
    if not _all_of(sight, len(columns) - 1):
        return None
    sentence = f"Lines have {len(columns) - 1} numbers: the confidence is missing before the box."
    return Cause("scores-missing", sentence, f"Write {' '.join(columns)}: boxes are ranked by their confidences.")


def _swapped(columns: Sequence[str], sight: Sight) -> Cause | None:
    """A decimal number at one place where a whole one belongs, on every line."""
    if not _all_of(sight, len(columns)):
        return None
    for place, name in enumerate(columns[: columns.index("confidence")]):
        words = _column(sight, place)
        if all(map(_DECIMAL.fullmatch, words)):
            sentence = f"Column {place + 1} holds {shown(words[0])}, where the {name} should be: columns are swapped."
            return Cause("swapped-columns", sentence, f"Write {' '.join(columns)}, in this order.")
    return None


def _from_zero(columns: Sequence[str], sight: Sight) -> Cause | None:
    """Every fault shown is a 0 in place of the least index or id."""
    codes = {fault.code for fault in sight.refusal.faults}
    if (
        len(codes) != 1
        or sight.refusal.fault_count < 2
        or not sight.places
        or any(place.word != "0" for place in sight.places)
    ):
        return None
    if codes == {f"unknown-{columns[0]}"}:
        sentence = (
            f"{columns[0].capitalize()} 0 is not in the list: indices seem to start at 0, and here they start at 1."
        )
        return Cause("zero-based-indices", sentence, "Add 1 to the first number of every line.")
    if codes == {"unknown-category"}:
        sentence = "Category 0 does not exist: ids seem to start at 0, and here they start at 1."
        return Cause("zero-based-ids", sentence, "Add 1 to the second number of every line.")
    return None


def _column(sight: Sight, place: int) -> list[str]:
    """The words in a place of the first lines, if every line has one; of a single line none: one slip is no habit."""
    rows = [words_of(line) for line in sight.body]
    return [row[place] for row in rows] if len(sight.head) > 1 and all(len(row) > place for row in rows) else []


def _all_whole(sight: Sight, place: int) -> bool:
    return all(map(_WHOLE.fullmatch, _column(sight, place)))


def _all_of(sight: Sight, count: int) -> bool:
    """Whether each of the first lines has so many numbers."""
    return len(sight.head) > 1 and all(len(words_of(line)) == count for line in sight.body)


def suspicions_of_boxes(confidences: Decimals, corners: Decimals) -> tuple[Note, ...]:
    """Notes on boxes that were read. confidences: (n,); corners: (4, n), xmin, ymin, xmax, ymax."""
    looks = (_fractions(corners), _score_last(confidences, corners) or _width_height(corners))
    return tuple(filter(None, looks))


def _fractions(corners: Decimals) -> Note | None:
    if not are_fractions(corners):
        return None
    return Note(code="looks-like-fractions", sentence=FRACTIONS, count=corners.shape[1], first_line=1)


def _score_last(confidences: Decimals, corners: Decimals) -> Note | None:
    """The last column is from 0 to 1 and the fourth from the end is not: the confidence follows the box."""
    last = corners[3]
    if len(last) < ENOUGH or last.min() < 0 or last.max() > 1 or not (last % 1).any() or confidences.max() <= 1:
        return None
    sentence = "The last column looks like confidences, which stand before the box: confidence xmin ymin xmax ymax."
    return Note(code="looks-like-score-last", sentence=sentence, count=len(last), first_line=1)


def _width_height(corners: Decimals) -> Note | None:
    xmin, ymin, xmax, ymax = corners
    wrong = (xmax < xmin) | (ymax < ymin)
    count = int(np.count_nonzero(wrong))
    if count < max(ENOUGH, MANY * len(wrong)):
        return None
    sentence = "Many boxes end before they begin: they look like x, y, width, height. Send xmin, ymin, xmax, ymax."
    return Note(code="looks-like-width-height", sentence=sentence, count=count, first_line=int(wrong.argmax()) + 1)
