"""Reads boxes as JSON: a list of rows, also as the field `predictions`; or COCO's results, a list of objects.

    {"predictions": [[1, 159, 0.88, 119.9, 104.9, 446.6, 196.6], …]}
    [{"image_id": 1, "category_id": 159, "score": 0.88, "bbox": [119.9, 104.9, 327.7, 92.7]}, …]

COCO's ids are those of the challenge's lists; its box is x, y, width, height: xmax = x + width - 1, since corners are
inclusive pixels. Rows that are all spelled alike are read by `json_alike`; else one at a time is held as objects.
"""

import json
import math
from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.scorer.formats.blocks import Bytes, Readable, content
from services.scorer.formats.json_alike import Alike, read_alike
from services.scorer.formats.json_cursor import Cursor
from services.scorer.formats.table import Decimals, Grammar
from services.scorer.formats.table_kernel import SIGNED, UNBOUNDED
from services.scorer.formats.tokens import LARGEST
from services.scorer.formats.wording import shown
from shared.errors import Fault

_COCO = ("image_id", "category_id", "score", "bbox")


@dataclass(frozen=True, slots=True)
class JsonTable:
    """values: (columns, rows) float64; starts: (rows,), where each row begins in the text."""

    text: Bytes
    values: Decimals
    starts: NDArray[np.int64]

    def faults(self, code: str, rows: Iterable[int], column: int, sentence: str, remedy: str) -> Iterator[Fault]:
        """A fault for each of `rows` (from 0), at its start; {0} in the sentence is the number of its `column`."""
        text = self.text.tobytes()
        for row in rows:
            start = int(self.starts[row])
            line = text.count(b"\n", 0, start) + 1
            number = sentence.format(f"{self.values[column, row]:.0f}")
            yield Fault(code, number, remedy, line, start - text.rfind(b"\n", 0, start))


def read_json_table(data: Readable, grammar: Grammar, coco: bool) -> JsonTable:
    """Read `data`. Raises `Unreadable`: at the first error of spelling, else with every wrong row counted."""
    text = content(data)
    return read_usual(text, grammar, coco) or Reading(text.tobytes(), grammar, coco).table()


def read_usual(text: Bytes, grammar: Grammar, coco: bool) -> JsonTable | None:
    """The rows where all are spelled as the first, which has nothing but what is asked for; else None."""
    kinds = list(grammar.columns.values())
    columns = len(kinds)

    def kinds_of(row: Any) -> list[int] | None:
        places = _places(row) if isinstance(row, dict) and coco else row
        if not isinstance(places, list) or any(type(place) is not int for place in places):
            return None
        return [kinds[places.index(place)] for place in range(columns)] if len(set(places)) == columns else None

    found = read_alike(text, kinds_of)
    return None if found is None else JsonTable(text, _in_columns(found), found.starts)


def _places(result: dict[str, Any]) -> list[Any] | None:
    """Which number of a result of COCO goes into each column; None where there is anything else in it."""
    box = result.get("bbox")
    if set(result) != set(_COCO) or not isinstance(box, list) or len(box) != 4:
        return None
    return [result["image_id"], result["category_id"], result["score"], *box]


def _in_columns(found: Alike) -> Decimals:
    """The numbers of each column; of COCO's boxes the last two are made corners."""
    if isinstance(found.row, list):
        return found.values
    values = found.values[_places(found.row)]
    values[5:] += values[3:5]
    values[5:] -= 1
    return values


class Reading:
    """One reading of a text: `values`, row after row, and where each row starts."""

    def __init__(self, text: bytes, grammar: Grammar, coco: bool) -> None:
        self.cursor = Cursor(text)
        self.values, self.starts = array("d"), array("q")
        self._letters = text.decode("latin1")
        self._decode = json.JSONDecoder().raw_decode
        self._grammar = grammar
        self._kinds = list(grammar.columns.values())
        self._coco = coco

    def table(self) -> JsonTable:
        """Read the whole text."""
        self._read()
        values = np.frombuffer(self.values).reshape(-1, len(self._kinds)).T
        text = np.frombuffer(self.cursor.text, np.uint8)
        return JsonTable(text, np.ascontiguousarray(values), np.frombuffer(self.starts, np.int64))

    def _read(self) -> None:
        wrapped = self.cursor.peek() == b"{"
        if wrapped:
            self._open()
        self._list()
        if wrapped:
            self.cursor.take(b"}")
        if self.cursor.peek():
            self.cursor.spelled_wrong("the end of the file")
        if not self.starts and not self.cursor.faults.count:
            self.cursor.tell(0, "empty-file", "The file has no rows.", f"Write {self._grammar.speech.rows}.")
        self.cursor.faults.refuse()

    def _open(self) -> None:
        self.cursor.take(b"{")
        self.cursor.peek()
        place = self.cursor.place
        if (key := self.cursor.string()) != b"predictions":
            sentence = f"{shown(key)} is not a field of a submission."
            self.cursor.stop(place, "unknown-field", sentence, self._shape())
        self.cursor.take(b":")

    def _list(self) -> None:
        cursor = self.cursor
        if cursor.peek() != b"[":
            cursor.stop(cursor.place, "json-unexpected", "Expected a list of rows.", self._shape())
        cursor.take(b"[")
        more = cursor.peek() != b"]" or cursor.more(b"]")
        while more:
            self._row()
            more = cursor.more(b"]")

    def _row(self) -> None:
        cursor = self.cursor
        if cursor.peek() not in ((b"[", b"{") if self._coco else (b"[",)):
            cursor.stop(cursor.place, "json-unexpected", "Expected a row.", self._shape())
        place = cursor.place
        try:
            row, cursor.place = self._decode(self._letters, place)
        except RecursionError:
            cursor.stop(place, "json-unexpected", "The row is nested too deeply.", self._shape())
        except ValueError as error:
            at = error.pos if isinstance(error, json.JSONDecodeError) else place
            cursor.stop(at, "json-invalid", "This is not JSON.", "Write the file with a JSON library.")
        numbers: Any = _corners(row) if isinstance(row, dict) else row
        wrong = self._wrong(numbers)
        if wrong:
            cursor.tell(place, *wrong, self._shape())
            return
        self.values.extend(numbers)
        self.starts.append(place)

    def _wrong(self, numbers: list[Any] | None) -> tuple[str, str] | None:
        """Code and sentence of what is wrong with a row."""
        if numbers is None:
            return "wrong-fields", f"The row is none of COCO's results: it needs {', '.join(_COCO)}."
        if len(numbers) != len(self._kinds):
            names = ", ".join(self._grammar.columns)
            return "wrong-columns", f"The row has {len(numbers):,} values; it needs {len(self._kinds)}: {names}."
        for name, kind, number in zip(self._grammar.columns, self._kinds, numbers, strict=True):
            if (wrong := _wrong_number(number, kind)) is not None:
                return wrong[0], f"The {name} {wrong[1]}."
        return None

    def _shape(self) -> str:
        columns = ", ".join(self._grammar.columns)
        coco = "; or COCO's results" if self._coco else ""
        return f'Send {{"predictions": [[{columns}], …]}}, or the list alone{coco}.'


def _corners(result: dict[str, Any]) -> list[Any] | None:
    """COCO's result as a row; None if it is none. Fields beside the four are passed over."""
    box = result.get("bbox")
    if not all(name in result for name in _COCO) or not isinstance(box, list) or len(box) != 4:
        return None
    x, y, width, height = box
    if not all(type(number) in (int, float) for number in box):
        return None
    ids = [result["image_id"], result["category_id"], result["score"]]
    return [*ids, x, y, x + width - 1, y + height - 1]


def _wrong_number(number: Any, kind: int) -> tuple[str, str] | None:
    """Code and predicate of what is wrong with a value."""
    if type(number) is int and abs(number) <= LARGEST:
        return None
    if kind <= SIGNED:
        return ("number-too-large", "is too large") if type(number) is int else ("not-a-whole-number", "is not whole")
    if type(number) not in (int, float):
        return "not-a-number", "is not a number"
    if abs(number) > 1e308 and not math.isinf(number):
        return "number-too-large", "is beyond the range of numbers"
    if math.isnan(number) or (math.isinf(number) and kind != UNBOUNDED):
        return "not-finite", "is not finite"
    return None
