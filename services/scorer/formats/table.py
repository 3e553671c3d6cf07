"""Reads a text of rows of numbers, whole and decimal, into arrays: tables of named columns, or lines of any length.

Last step of reading tables: recognise → table_kernel → table. What a line may hold: `table_kernel`.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from services.scorer.formats import table_kernel as kernel
from services.scorer.formats.blocks import BLOCK_BYTES, Bytes, Readable, content
from services.scorer.formats.faults import FaultList
from services.scorer.formats.recognise import refuse_other_formats
from services.scorer.formats.wording import SHOWN_BYTES, WHOLE_NUMBERS, Kind, Patterns, Speech, put_into_words, shown
from shared.errors import SHOWN_FAULTS, Fault, Unreadable

Decimals = NDArray[np.float64]

_BLANKS = b" \t\r\n"
_NEWLINE = 10

DECIMALS: Patterns = (
    (
        re.compile(r"[-+]?nan(\(.*\))?", re.ASCII | re.IGNORECASE),
        ("not-finite", "{0} is no number: nothing can be compared with it.", "Write a finite number."),
    ),
    (
        re.compile(r"[-+]?inf(inity)?", re.ASCII | re.IGNORECASE),
        ("not-finite", "{0} is infinite.", "Write a finite number."),
    ),
)
"""What stands where a decimal should, besides what is no number in any column."""

_DECIMAL = re.compile(rb"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?")
_INFINITY = re.compile(rb"[-+]?inf(inity)?", re.IGNORECASE)
_WORD = re.compile(rb"[^ \t\r\n,]+")


@dataclass(frozen=True, slots=True)
class Grammar:
    """What the lines of a file hold: columns by name, each `WHOLE`, `SIGNED`, `DECIMAL` or `UNBOUNDED`."""

    columns: dict[str, int]
    speech: Speech

    def kinds(self) -> NDArray[np.int64]:
        """The columns' kinds, in their order."""
        return np.array(list(self.columns.values()), np.int64)


@dataclass(frozen=True, slots=True)
class Table:
    """values: (columns, rows) float64, row i from line i + 1."""

    text: Bytes
    values: Decimals

    def faults(self, code: str, rows: Iterable[int], column: int, sentence: str, remedy: str) -> Iterator[Fault]:
        """A fault for each of `rows` (from 0), at the number of its `column`, which {0} in the sentence stands for."""
        return (_fault_of_row(self.text, row, column, code, sentence, remedy) for row in rows)


@dataclass(frozen=True, slots=True)
class Lines:
    """values: (numbers,) float64, line after line; lengths: (lines,) int32, how many numbers each line holds."""

    text: Bytes
    values: Decimals
    lengths: NDArray[np.int32]

    def starts(self) -> NDArray[np.int64]:
        """(lines + 1,) where in `values` each line starts, and the last one ends."""
        return np.append(0, np.cumsum(self.lengths, dtype=np.int64))

    def without_first(self) -> "Lines":
        """The lines without the first one; faults are to be told before."""
        return Lines(self.text, self.values[self.lengths[0] :], self.lengths[1:])

    def word(self, row: int, column: int) -> bytes:
        """The number in `column` of line `row` (both from 0), as it is written."""
        return _word_of_row(self.text, row, column)[0]

    def fault(self, row: int, column: int, code: str, sentence: str, remedy: str) -> Fault:
        """The fault of the number in `column` of line `row` (both from 0), which {0} in the sentence stands for."""
        return _fault_of_row(self.text, row, column, code, sentence, remedy)


def read_table(data: Readable, grammar: Grammar) -> Table:
    """Read lines that have one number for each column.

    Raises `Unreadable` with every fault counted. Memory: what is returned.
    """
    refuse_other_formats(data, grammar.speech)
    text = content(data)
    values = np.empty(len(grammar.columns) * _line_count(text))
    _fill(text, grammar, values, None)
    return Table(text, values.reshape(len(grammar.columns), -1))


def read_lines(data: Readable, grammar: Grammar, lines: int | None = None) -> Lines:
    """Read lines of any length; the columns' kinds come round again and again.

    Raises `Unreadable` with every fault counted, also for a number of lines other than `lines`.
    """
    refuse_other_formats(data, grammar.speech)
    text = content(data)
    lengths = np.empty(_line_count(text), np.int32)
    values = np.empty(_word_count(text))
    _fill(text, grammar, values, lengths, lines)
    return Lines(text, values, lengths)


def _fill(
    text: Bytes,
    grammar: Grammar,
    values: Decimals,
    lengths: NDArray[np.int32] | None,
    lines: int | None = None,
) -> None:
    """Read `text` into `values` and `lengths`; without lengths, as a table."""
    faults = FaultList()
    state = np.zeros(kernel.STATE_SIZE, np.int64)
    state[[kernel.COMMA, kernel.BINARY]] = -1
    found = np.empty((SHOWN_FAULTS, kernel.FAULT_SIZE), np.int64)
    late = np.empty((kernel.MOST_LATE, kernel.LATE_SIZE), np.int64)
    into = np.empty(0, np.int32) if lengths is None else lengths
    while state[kernel.PLACE] <= len(text):
        kernel.tokenize(text, state, grammar.kinds(), lengths is None, values, into, found, late)
        _refuse_binary(text, grammar, state)
        _read_late(text, grammar, values, late[: state[kernel.LATE]], faults)
    shown = min(int(state[kernel.FAULTS]), SHOWN_FAULTS)
    faults.add((_fault(text, grammar, *each) for each in found[:shown].tolist()), int(state[kernel.FAULTS]))
    faults.expect_lines(lines, int(state[kernel.LINE]))
    faults.refuse()


def _refuse_binary(text: Bytes, grammar: Grammar, state: NDArray[np.int64]) -> None:
    """Raise `Unreadable` if a control character was met: one cause, not thousands of faults."""
    place, line, start = (int(state[part]) for part in (kernel.BINARY, kernel.LINE, kernel.LINE_START))
    if place >= 0:
        fault = _fault(text, grammar, Kind.BINARY, place, line, start, 0)
        raise Unreadable(fault.code, fault.sentence, fault.remedy, (fault,))


def _read_late(text: Bytes, grammar: Grammar, values: Decimals, late: NDArray[np.int64], faults: FaultList) -> None:
    """Read what the kernel left: numbers of many digits or far from 1, and what may be infinity."""
    for start, stop, index, line, line_start, kind in late.tolist():
        word = text[start:stop].tobytes()
        wrong = _wrong(word, kind)
        if wrong is not None:
            faults.add((_fault(text, grammar, wrong, start, line, line_start, kind),), 1)
        else:
            values[index] = float(word)


def _wrong(word: bytes, kind: int) -> Kind | None:
    """What is wrong with a word that the kernel did not read."""
    if kind == kernel.UNBOUNDED and _INFINITY.fullmatch(word):
        return None
    if not _DECIMAL.fullmatch(word):
        return Kind.WORD
    return Kind.TOO_LARGE if np.isinf(float(word)) else None


def _fault(text: Bytes, grammar: Grammar, kind: int, place: int, line: int, start: int, detail: int) -> Fault:
    """A fault in words. `detail`: the kind of number that was expected; or how many were found in the line."""
    if kind == Kind.COLUMNS:
        names = ", ".join(grammar.columns)
        sentence = f"The line has {detail:,} numbers; it needs {len(grammar.columns)}: {names}."
        words = "wrong-columns", sentence, f"Write {grammar.speech.rows}."
    else:
        expected = WHOLE_NUMBERS if detail in (kernel.WHOLE, kernel.SIGNED) else DECIMALS
        rest = text[place : place + 2 * SHOWN_BYTES].tobytes()
        words = put_into_words(Kind(kind), rest, grammar.speech, expected)
    return Fault(*words, line=line + 1, column=place - start + 1)


def _fault_of_row(text: Bytes, row: int, column: int, code: str, sentence: str, remedy: str) -> Fault:
    word, place = _word_of_row(text, row, column)
    return Fault(code, sentence.format(shown(word)), remedy, row + 1, place)


def _word_of_row(text: Bytes, row: int, column: int) -> tuple[bytes, int]:
    """A number as it is written, and where in its line, from 1."""
    start = _line_start(text, row)
    size = BLOCK_BYTES
    while start + size < len(text) and not (text[start : start + size] == _NEWLINE).any():
        size *= 2
    words = _WORD.finditer(text[start : start + size].tobytes())
    word = next(islice(words, column, None))
    return word[0], word.start() + 1


def _line_count(text: Bytes) -> int:
    return 1 + sum(int(np.count_nonzero(block == _NEWLINE)) for block in _blocks(text))


def _word_count(text: Bytes) -> int:
    """How many words there are, or a few more: one at each block's seam."""
    return sum(int(np.count_nonzero(solid[1:] > solid[:-1])) + 1 for solid in map(_is_solid, _blocks(text)))


def _is_solid(block: Bytes) -> NDArray[np.bool_]:
    """Which bytes belong to words."""
    solid: NDArray[np.bool_] = block != ord(",")
    for gap in _BLANKS:
        solid &= block != gap
    return solid


def _blocks(text: Bytes) -> Iterator[Bytes]:
    return (text[start : start + BLOCK_BYTES] for start in range(0, len(text), BLOCK_BYTES))


def _line_start(text: Bytes, line: int) -> int:
    """Where a line (from 0) starts."""
    start = 0
    for block in _blocks(text):
        ends = int(np.count_nonzero(block == _NEWLINE))
        if ends >= line:
            return start + (int(np.flatnonzero(block == _NEWLINE)[line - 1]) + 1 if line else 0)
        line -= ends
        start += len(block)
    raise ValueError(f"the text ends {line} lines before")
