"""Reads JSON piece by piece and tells every fault by line and column: what `json_blocks` did not take.

Not a JSON library: it knows one shape, rows of ids, and nests no deeper. Errors of spelling or shape end the reading;
wrong ids, unknown and repeated names are all collected. What is kept is a few numbers for each row.
"""

import re
from array import array

from services.scorer.formats.blocks import BLOCK_BYTES
from services.scorer.formats.json_cursor import SHAPE, Cursor
from services.scorer.formats.names import NO_NAMES, Names, duplicate_image, unknown_image
from services.scorer.formats.tokens import LARGEST
from services.scorer.formats.wnids import Wnids, not_a_wnid
from services.scorer.formats.wording import shown

_BLANK = rb"[ \t\r\n]*+"
_NUMBER, _WNID = rb"(?:0|[1-9][0-9]{0,8})", rb'"n[0-9]{8}"'


def _row_of(id_: bytes) -> re.Pattern[bytes]:
    return re.compile(rb"\[(%b%b%b(?:,%b%b%b)*+)\]" % ((_BLANK, id_, _BLANK) * 2))


_NUMBERS, _WNIDS = _row_of(_NUMBER), _row_of(_WNID)
"""A whole row without anything to say about it."""


class Scan:
    """One reading of a text. With `wnids`, ids are WNIDs in quotes, else whole numbers; of a row `width` are kept.

    `ids` (rows × width, 0 where a row is shorter), `lengths` and, where rows are `named`, `images` fill up row by row.
    """

    def __init__(
        self,
        text: bytes,
        width: int,
        images: int | None,
        names: Names | None,
        wnids: Wnids | None,
        shape: str = SHAPE,
    ) -> None:
        self.cursor = Cursor(text, shape)
        self.named = False
        self.ids, self.lengths, self.images = array("i"), array("i"), array("i")
        self.first = array("q", bytes(8 * ((images or 0) + 1)))
        """Behind which place each image was named first; 0 for one that was not."""
        self._open = images is None
        """Whether images are not known beforehand: then each new name is one more."""
        self._width = width
        self._names = names
        self.wnids = wnids
        self._row = _WNIDS if wnids else _NUMBERS

    def read(self) -> None:
        """Read the whole text. Raises `Unreadable` at the first error of spelling or shape."""
        if self.cursor.peek() == b"{":
            self._object(outermost=True)
        else:
            self._list()
        if self.cursor.peek():
            self.cursor.spelled_wrong("the end of the file")

    def _object(self, outermost: bool) -> None:
        """Rows by the names of their images; or, outermost, the one field `predictions`."""
        cursor = self.cursor
        cursor.take(b"{")
        self.named = True
        more = cursor.peek() != b"}" or cursor.more(b"}")
        while more:
            cursor.peek()
            place = cursor.place
            key = cursor.string()
            cursor.take(b":")
            if outermost and key == b"predictions" and not self.lengths:
                self._predictions()
            elif outermost and cursor.peek() != b"[":
                cursor.stop(place, "unknown-field", f"{shown(key)} is not a field of a submission.", cursor.shape)
            else:
                self._image(key, place)
            more = cursor.more(b"}")

    def _predictions(self) -> None:
        """The value of the field, behind which no other may come."""
        cursor = self.cursor
        if cursor.peek() == b"{":
            self._object(outermost=False)
        else:
            self.named = False
            self._list()
        if cursor.peek() == b",":
            sentence = "Beside predictions there is another field."
            cursor.stop(cursor.place, "unknown-field", sentence, cursor.shape)

    def _list(self) -> None:
        cursor = self.cursor
        if cursor.peek() != b"[":
            cursor.shaped_wrong("a list of rows, or rows by the names of images")
        cursor.take(b"[")
        more = cursor.peek() != b"]" or cursor.more(b"]")
        while more:
            self.row()
            more = cursor.more(b"]")

    def _image(self, key: bytes, place: int) -> None:
        """The row of the image that the name `key`, at `place`, says."""
        cursor, names = self.cursor, self._names
        if names is None:
            cursor.stop(place, *NO_NAMES)
        number = names.number(key) or 0
        if self._open and number == len(self.first):
            self.first.append(0)
        images = len(self.first) - 1
        if not 0 < number <= images:
            cursor.tell(place, *unknown_image(key, names, images))
        elif self.first[number]:
            cursor.tell(place, *duplicate_image(key))
        else:
            self.first[number] = place + 1
        self.images.append(number)
        self.row()

    def row(self) -> None:
        """One row: what other scans read otherwise."""
        if self.cursor.peek() != b"[":
            self.cursor.shaped_wrong("a list of ids")
        place = self.cursor.place
        row = self._row.match(self.cursor.text, place, place + BLOCK_BYTES)
        known = self._known(row[1]) if row else None
        if row is None or known is None:
            self._ids_one_by_one()
            return
        self.cursor.place = row.end()
        self._keep(known, len(known))

    def _known(self, row: bytes) -> list[int] | None:
        """The ids of a row that is spelled well; None if one of them is a fault."""
        if self.wnids is None:
            return [int(number) for number in row.split(b",")]
        ids = [self.wnids.by_wnid.get(word.strip(b' \t\r\n"')) for word in row.split(b",")]
        known = [id_ for id_ in ids if id_ is not None]
        return known if len(known) == len(ids) else None

    def _ids_one_by_one(self) -> None:
        cursor = self.cursor
        cursor.take(b"[")
        kept: list[int] = []
        length = 0
        more = cursor.peek() != b"]" or cursor.more(b"]")
        while more:
            id_ = self._id()
            length += 1
            if length <= self._width:
                kept.append(id_)
            more = cursor.more(b"]")
        self._keep(kept, length)

    def _keep(self, ids: list[int], length: int) -> None:
        kept = ids[: self._width]
        self.ids.extend(kept + [0] * (self._width - len(kept)))
        self.lengths.append(length)

    def _id(self) -> int:
        """One id; 0 for one that is a fault."""
        quoted = self.cursor.peek() == b'"'
        place = self.cursor.place
        word = self.cursor.string() if quoted else self.cursor.scalar("an id")
        if self.wnids is not None:
            id_ = self.wnids.by_wnid.get(word) if quoted else None
            if id_ is None:
                self.cursor.add(lambda: not_a_wnid(word, *self.cursor.where(place)))
            return id_ or 0
        wrong = wrong_number(word, quoted)
        if wrong is None:
            return int(word)
        code, sentence, remedy = wrong
        self.cursor.tell(place, code, sentence, remedy)
        return 0


def wrong_number(word: bytes, quoted: bool) -> tuple[str, str, str] | None:
    """Why `word` is no id, if it is none: code, sentence, remedy."""
    if quoted:
        remedy = "Write whole numbers without quotes, or say labels=wnid if these are WNIDs."
        return "not-a-number", f"{shown(word)} is a text, not a number.", remedy
    if word[-1:].isalpha():
        return "not-a-number", f"{shown(word)} is not a number.", "Write whole numbers; leave out what is no guess."
    if not word.removeprefix(b"-").isdigit():
        remedy = "Write whole numbers: 7, not 7.0 or 7e0."
        return "not-a-whole-number", f"{shown(word)} is not written as a whole number.", remedy
    if word.startswith(b"-"):
        return "negative-number", f"{shown(word)} is negative.", "Leave out what is no guess."
    if len(word) > len(str(LARGEST)) or int(word) > LARGEST:
        sentence = f"{shown(word)} is above {LARGEST:,}, the greatest number read."
        return "number-too-large", sentence, "Write the numbers of categories."
    return None
