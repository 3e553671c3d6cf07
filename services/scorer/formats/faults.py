"""Finds what a block of lines should not hold, and tells the first twenty faults of a file by line and column.

Faults are found as positions, by array operations over the whole block; only those that will be shown are put
into words.
"""

import math
from collections.abc import Iterable
from itertools import islice

import numpy as np

from services.scorer.formats.blocks import PAD, Bytes
from services.scorer.formats.tokens import Mask, Positions, Tokens
from services.scorer.formats.wording import IDS, SHOWN_BYTES, Kind, Speech, put_into_words
from shared.errors import SHOWN_FAULTS, Fault, Unreadable

_TAB, _NEWLINE, _RETURN, _SPACE, _COMMA, _DELETE = 9, 10, 13, 32, 44, 127


class FaultList:
    """The faults of one file: all counted, the first `SHOWN_FAULTS` kept. `line` is what its lines are called.

    `speech`: how the file's grammar speaks of its lines.
    """

    def __init__(self, line: str = "Line", speech: Speech = IDS) -> None:
        self.count = 0
        self._line = line
        self._speech = speech
        self._shown: list[Fault] = []
        self._line_count: Fault | None = None

    def look(self, block: Bytes, tokens: Tokens, first_line: int) -> None:
        """Add the faults of `block`, whose first line is `first_line`.

        Raises `Unreadable` at a byte that no text file holds.
        """
        if tokens.plain and not len(tokens.too_large):
            return
        strange = _strange(block)
        _refuse_binary(block, strange, first_line)
        found = _places(block, tokens, np.flatnonzero(strange))
        if not self._speech.blank_line:
            found.pop(Kind.BLANK_LINE, None)
        if not found:
            return
        places = np.concatenate(list(found.values()))
        kinds = np.repeat(list(found), [len(where) for where in found.values()])
        self.count += len(places)
        for number in np.argsort(places, kind="stable")[: SHOWN_FAULTS - len(self._shown)]:
            self._shown.append(_fault(block, int(places[number]), Kind(kinds[number]), first_line, self._speech))

    def add(self, faults: Iterable[Fault], count: int) -> None:
        """Add faults found otherwise, `count` of them; of `faults` no more are asked for than can be shown.

        The first by place are kept, whichever way they were found.
        """
        self.count += count
        self._shown = sorted([*self._shown, *islice(faults, SHOWN_FAULTS)], key=_by_place)[:SHOWN_FAULTS]

    def expect_lines(self, expected: int | None, found: int) -> None:
        """Add a fault if the file has another number of lines than `expected`."""
        if expected is None or found == expected:
            return
        too = "few" if found < expected else "many"
        self.count += 1
        self._line_count = Fault(
            f"too-{too}-lines",
            f"Expected {expected:,} lines, one per image; found {found:,}: the file ends after line {found:,}.",
            "Write one line for each image, in the order of the file names; 0 where there is no guess.",
            line=min(found, expected + 1),
        )

    def refuse(self) -> None:
        """Raise `Unreadable` if there was any fault. The wrong number of lines, if so, stands first."""
        first = [self._line_count] if self._line_count else []
        faults = tuple((first + self._shown)[:SHOWN_FAULTS])
        if faults:
            raise Unreadable(
                faults[0].code, _summary(faults[0], self.count, self._line), faults[0].remedy, faults, self.count
            )


def wrong_count(expected: int, found: int, what: str = "row") -> Fault:
    """The fault of a file with another number of rows (or masks) than there are images."""
    too = "few" if found < expected else "many"
    sentence = f"Expected {expected:,} {what}s, one per image; found {found:,}."
    order = ", in the order of the file names" if what == "row" else ""
    return Fault(f"too-{too}-{what}s", sentence, f"Send one {what} for each image{order}.")


def _by_place(fault: Fault) -> tuple[float, int]:
    """In the order of the file; what has no place comes last."""
    return (fault.line if fault.line else math.inf, fault.column or 0)


def _summary(fault: Fault, count: int, line: str) -> str:
    place = f"{line} {fault.line:,}, column {fault.column:,}: " if fault.line and fault.column else ""
    more = f" ({count - 1:,} more fault{'s' if count > 2 else ''} in this file.)" if count > 1 else ""
    return f"{place}{fault.sentence}{more}"


def _places(text: Bytes, tokens: Tokens, strange: Positions) -> dict[Kind, Positions]:
    """Where in the block the faults of each kind are. What most files do not hold costs them a glance."""
    found: dict[Kind, Positions] = {}
    if len(strange) or len(tokens.too_large):
        words = np.unique(_word_starts(text, strange))
        found[Kind.WORD] = words
        found[Kind.TOO_LARGE] = np.setdiff1d(_word_starts(text, tokens.too_large), words)
    turn = text == _RETURN
    if len(lone := np.flatnonzero(turn[:-1] > (text[1:] == _NEWLINE))):
        found[Kind.LONE_RETURN] = lone
    if not tokens.lengths.all() or (text == _COMMA).any():
        found |= _missing_between(text)
    return found


def _strange(text: Bytes) -> Mask:
    """The bytes that no number, blank, comma or line end has."""
    strange: Mask = (text < ord("0")) | (text > ord("9"))
    for allowed in (_NEWLINE, _SPACE, _COMMA, _RETURN, _TAB):
        strange &= text != allowed
    return strange


def _word_starts(text: Bytes, places: Positions) -> Positions:
    """Where the words that `places` lie in start: a word is what stands between blanks, commas and line ends."""
    gaps = np.flatnonzero(_is_blank(text) | (text == _COMMA) | (text == _NEWLINE))
    return gaps[np.searchsorted(gaps, places) - 1] + 1


def _is_blank(text: Bytes) -> Mask:
    blank: Mask = (text == _SPACE) | (text == _TAB) | (text == _RETURN)
    return blank


def _missing_between(text: Bytes) -> dict[Kind, Positions]:
    """Blank lines and empty fields: a line end or comma that follows a line end or comma, blanks aside."""
    newline, comma = text == _NEWLINE, text == _COMMA
    solid = np.flatnonzero(~_is_blank(text))
    last, here = solid[PAD - 1 : -1], solid[PAD:]
    blank_lines = newline[last] & newline[here]
    empty_before = comma[here] & (newline[last] | comma[last])
    empty_at_end = comma[last] & newline[here]
    return {
        Kind.BLANK_LINE: last[blank_lines] + 1,
        Kind.EMPTY_FIELD: np.concatenate([here[empty_before], last[empty_at_end]]),
    }


def _refuse_binary(text: Bytes, strange: Mask, first_line: int) -> None:
    """Raise `Unreadable` at the first control character: one cause, not thousands of faults."""
    control = np.flatnonzero(strange & ((text < _SPACE) | (text == _DELETE)))
    if len(control):
        fault = _fault(text, int(control[0]), Kind.BINARY, first_line)
        raise Unreadable(fault.code, fault.sentence, fault.remedy, (fault,))


def _fault(text: Bytes, place: int, kind: Kind, first_line: int, speech: Speech = IDS) -> Fault:
    before = text[PAD:place].tobytes()
    code, sentence, remedy = put_into_words(kind, text[place : place + 2 * SHOWN_BYTES].tobytes(), speech)
    line = first_line + before.count(b"\n")
    return Fault(code, sentence, remedy, line, column=len(before) - before.rfind(b"\n"))
