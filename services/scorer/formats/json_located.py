"""Reads inline JSON of guesses with boxes into lines of text, which the tokenizer reads like any other.

    {"predictions": {"<image>": [[label, xmin, ymin, xmax, ymax], …], …}}, or rows in file order

Rows are found by `json_scan`; a row of plain numbers is checked by one pattern, any other number by number.
"""

import math
import re

import numpy as np

from services.scorer.formats.blocks import Readable, content
from services.scorer.formats.json_rows import read_whole
from services.scorer.formats.json_scan import Scan, wrong_number
from services.scorer.formats.names import ImageNames
from services.scorer.formats.numbering import Numbers
from services.scorer.formats.wnids import Wnids, not_a_wnid
from services.scorer.formats.wording import shown

SHAPE = (
    'Send {"predictions": {"<image>": [[label, xmin, ymin, xmax, ymax], …], …}} or {"predictions": [[[label, …], …], …]}, '
    "and nothing else."
)

SIDES = 4

_GAP = rb"[ \t\r\n]*+"
_LABEL = rb"(?:0|[1-9][0-9]{0,8}+)"
_SIDE = rb"-?(?:0|[1-9][0-9]{0,17}+)(?:\.[0-9]{1,30}+)?(?:[eE][-+]?[0-9]{1,2}+)?"


def _row_of(label: bytes) -> re.Pattern[bytes]:
    guess = rb"\[%b%b%b(?:,%b%b%b){4}\]%b" % (_GAP, label, _GAP, _GAP, _SIDE, _GAP, _GAP)
    return re.compile(rb"\[%b(%b(?:,%b%b)*+)?\]" % (_GAP, guess, _GAP, guess))


_NUMBERED, _NAMED = _row_of(_LABEL), _row_of(rb'"n[0-9]{8}"')
"""A whole row without anything to say about it, but for WNIDs that may be unknown."""

_WNID = re.compile(rb"n[0-9]{8}")

_AS_LINE = bytes.maketrans(b'[],"\t\r\n', b"       ")


class BoxScan(Scan):
    """One reading of a text; `lines` fills up with a line of numbers for each row, 0 for one without guesses."""

    def __init__(self, text: bytes, images: int | None, names: ImageNames | None, wnids: Wnids | None) -> None:
        super().__init__(text, 0, images, names, wnids, SHAPE)
        self.lines = bytearray()

    def row(self) -> None:
        """One row: a list of guesses."""
        if self.cursor.peek() != b"[":
            self.cursor.shaped_wrong("a list of guesses")
        pattern = _NUMBERED if self.wnids is None else _NAMED
        plain = pattern.match(self.cursor.text, self.cursor.place)
        line = (plain[1] or b"0").translate(_AS_LINE) if plain else b""
        if plain and self._knows(line):
            self.cursor.place = plain.end()
            self._keep_line(line)
        else:
            self._guesses_one_by_one()

    def _knows(self, line: bytes) -> bool:
        return self.wnids is None or all(wnid in self.wnids.by_wnid for wnid in _WNID.findall(line))

    def _keep_line(self, line: bytes) -> None:
        self.lines += line
        self.lines += b"\n"
        self.lengths.append(0)

    def _guesses_one_by_one(self) -> None:
        cursor = self.cursor
        cursor.take(b"[")
        guesses: list[bytes] = []
        more = cursor.peek() != b"]" or cursor.more(b"]")
        while more:
            guesses.append(self._guess())
            more = cursor.more(b"]")
        self._keep_line(b" ".join(guesses) or b"0")

    def _guess(self) -> bytes:
        """One guess, its numbers as a line of text has them."""
        cursor = self.cursor
        if cursor.peek() != b"[":
            cursor.shaped_wrong("a guess: a list of a label and the four sides of its box")
        place = cursor.place
        cursor.take(b"[")
        words: list[bytes] = []
        more = cursor.peek() != b"]" or cursor.more(b"]")
        while more:
            words.append(self._side() if words else self._label())
            more = cursor.more(b"]")
        if len(words) != 1 + SIDES:
            sentence = f"The guess has {len(words):,} numbers; it needs {1 + SIDES}: label, xmin, ymin, xmax, ymax."
            cursor.tell(place, "incomplete-box", sentence, "Send [label, xmin, ymin, xmax, ymax] for each guess.")
        return b" ".join(words)

    def _label(self) -> bytes:
        """A label, a number or a WNID; 0 for one that is a fault."""
        cursor = self.cursor
        quoted = cursor.peek() == b'"'
        place = cursor.place
        word = cursor.string() if quoted else cursor.scalar("a label")
        if self.wnids is not None:
            known = quoted and word in self.wnids.by_wnid
            if not known:
                cursor.add(lambda: not_a_wnid(word, *cursor.where(place)))
            return word if known else b"0"
        wrong = wrong_number(word, quoted)
        if wrong is not None:
            cursor.tell(place, *wrong)
            return b"0"
        return word

    def _side(self) -> bytes:
        """A side of a box; 0 for one that is a fault."""
        cursor = self.cursor
        quoted = cursor.peek() == b'"'
        place = cursor.place
        word = cursor.string() if quoted else cursor.scalar("a side of a box")
        if quoted or word[-1:].isalpha():
            sentence = f"{shown(word)} is not a number."
            cursor.tell(place, "not-a-number", sentence, "Write finite numbers without quotes.")
        elif math.isinf(float(word)):
            sentence = f"{shown(word)} is beyond the range of numbers."
            cursor.tell(place, "number-too-large", sentence, "Write sides of boxes in pixels.")
        else:
            return word
        return b"0"


def read_json_located(
    data: Readable, images: int | None, names: ImageNames | None, wnids: Wnids | None
) -> tuple[bytearray, Numbers | None]:
    """Lines for `labelled`, and the number (from 1) of each line's image; None where lines are in the order of the images.

    Raises `Unreadable` with every fault counted. Memory: the text twice, and a few numbers for each row.
    """
    scan = BoxScan(content(data).tobytes(), images, names, wnids)
    read_whole(scan, images, names)
    return scan.lines, np.array(scan.images, np.int64) if scan.named else None
