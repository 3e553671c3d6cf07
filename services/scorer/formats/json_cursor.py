"""A place in a JSON text that moves from piece to piece, and tells what is wrong there by line and column.

Under `json_scan`, which knows the shape of a submission; here only spelling is known.
"""

import json
import re
from collections.abc import Callable
from typing import NoReturn

from services.scorer.formats.faults import FaultList
from services.scorer.formats.wording import SHOWN_BYTES, shown
from shared.errors import SHOWN_FAULTS, Fault

SHAPE = 'Send {"predictions": {"<image>": [1, 2, …], …}} or {"predictions": [[1, 2, …], …]}, and nothing else.'

_BLANKS = re.compile(rb"[ \t\r\n]*+")
_STRING = re.compile(rb'"[^"\\\x00-\x1f]*+(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\x00-\x1f]*+)*+"')
_SCALAR = re.compile(rb"-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?(?:[eE][-+]?[0-9]++)?|-?Infinity|NaN|true|false|null")
_GLUED = re.compile(rb"[0-9A-Za-z_.+\-\x80-\xff]")


class Cursor:
    """Stands at `place` in `text`. Errors of spelling and shape raise `Unreadable` with all `faults` before them."""

    def __init__(self, text: bytes, shape: str = SHAPE) -> None:
        self.text = text
        self.shape = shape
        self.place = 0
        self.faults = FaultList()

    def peek(self) -> bytes:
        """Pass over blanks; the byte that comes next, empty at the end."""
        blanks = _BLANKS.match(self.text, self.place)
        self.place = blanks.end() if blanks else self.place
        return self.text[self.place : self.place + 1]

    def take(self, mark: bytes) -> None:
        """Pass over `mark`, which must come next."""
        if self.peek() != mark:
            self.spelled_wrong(mark.decode())
        self.place += 1

    def more(self, end: bytes) -> bool:
        """Pass over a comma, or over `end`; whether it was a comma."""
        found = self.peek()
        if found not in (b",", end):
            self.spelled_wrong(f"a comma or {end.decode()}")
        self.place += 1
        return found == b","

    def string(self) -> bytes:
        """Pass over a string; what it says, without quotes and escapes."""
        self.peek()
        found = _STRING.match(self.text, self.place)
        if found is None:
            begun = self.text[self.place : self.place + 1] == b'"'
            self.spelled_wrong("the end of a text" if begun else "a name in double quotes")
        self.place = found.end()
        if b"\\" not in found[0]:
            return found[0][1:-1]
        return str(json.loads(found[0].decode("utf-8", "replace"))).encode("utf-8", "replace")

    def scalar(self, expected: str) -> bytes:
        """Pass over a number or a word of JSON (or NaN, Infinity); its letters."""
        self.peek()
        found = _SCALAR.match(self.text, self.place)
        if found is None:
            self.shaped_wrong(expected)
        if _GLUED.match(self.text, found.end()):
            self.spelled_wrong(expected)
        self.place = found.end()
        return found[0]

    def spelled_wrong(self, expected: str) -> NoReturn:
        """This is not JSON."""
        sentence = f"This is not JSON: expected {expected}, found {self._found()}."
        self.stop(self.place, "json-invalid", sentence, "Write the file with a JSON library.")

    def shaped_wrong(self, expected: str) -> NoReturn:
        """This is another kind of value than `expected`; or nothing that JSON has."""
        first = self.peek()
        if not first or (first not in b'[{"' and not _SCALAR.match(self.text, self.place)):
            self.spelled_wrong(expected)
        self.stop(self.place, "json-unexpected", f"Expected {expected}, found {self._found()}.", self.shape)

    def stop(self, place: int, code: str, sentence: str, remedy: str) -> NoReturn:
        """End the reading with what is wrong at `place`."""
        self.tell(place, code, sentence, remedy)
        self.faults.refuse()
        raise AssertionError("a fault was told, and not refused")

    def tell(self, place: int, code: str, sentence: str, remedy: str) -> None:
        """Add a fault and go on."""
        self.add(lambda: Fault(code, sentence, remedy, *self.where(place)))

    def add(self, fault: Callable[[], Fault]) -> None:
        """Count a fault; it is made, and its line counted, only if it will be shown."""
        self.faults.add((fault(),) if self.faults.count < SHOWN_FAULTS else (), 1)

    def where(self, place: int) -> tuple[int, int]:
        """Line and column of a place."""
        return self.text.count(b"\n", 0, place) + 1, place - self.text.rfind(b"\n", 0, place)

    def _found(self) -> str:
        rest = self.text[self.place : self.place + SHOWN_BYTES + 1]
        if not rest:
            return "the end of the file"
        return shown(re.split(rb"[ \t\r\n,:\]}]", rest, maxsplit=1)[0] or rest[:1])
