"""Reads lines whose labels may be WNIDs among numbers: an n becomes a 1, the tokenizer reads numbers, ids are looked up.

Between `located` and `table`, for `labels=wnid`; without WNIDs it is `table.read_lines`.
"""

import re
from collections.abc import Iterator

import numpy as np

from services.scorer.formats.blocks import Readable, content
from services.scorer.formats.table import Grammar, Lines, read_lines
from services.scorer.formats.wnids import MARK, Wnids, not_a_wnid
from shared.errors import SHOWN_FAULTS, Fault, Unreadable

_WHOLE_WNID = re.compile(rb"(?<![^ \t\r\n,])n(?=[0-9]{8}(?![^ \t\r\n,]))")
_LIKE_MARKED = re.compile(rb"(?<![^ \t\r\n,])[-+]?0*1[0-9]{8}(?![0-9])")
"""A number that would be taken for a WNID."""


def read_labelled(data: Readable, grammar: Grammar, wnids: Wnids | None, lines: int | None = None) -> Lines:
    """Read `data` as `table.read_lines` does; with `wnids`, the first column's words are WNIDs, and come out as ids.

    Raises `Unreadable`, also for words that are no WNIDs of the challenge, and for WNIDs in other columns.
    """
    if wnids is None:
        return read_lines(data, grammar, lines)
    text = content(data)
    written = text.tobytes()
    if like := _LIKE_MARKED.search(written):
        line = written.count(b"\n", 0, like.start()) + 1
        fault = not_a_wnid(like[0], line, like.start() - written.rfind(b"\n", 0, like.start()))
        raise Unreadable(fault.code, fault.sentence, fault.remedy, (fault,))
    marked = read_lines(_WHOLE_WNID.sub(b"1", written), grammar, lines)
    return _looked_up(Lines(text, marked.values, marked.lengths), wnids, len(grammar.columns))


def _looked_up(lines: Lines, wnids: Wnids, columns: int) -> Lines:
    """`lines` with ids for marked WNIDs. Raises `Unreadable` for what is in the wrong place, or unknown."""
    starts = lines.starts()
    values = lines.values[: starts[-1]]
    column = np.arange(len(values)) - np.repeat(starts[:-1], lines.lengths)
    labels = column % columns == 0
    numbers = np.where(labels, values, 0).astype(np.int64)
    places = np.minimum(np.searchsorted(wnids.marked, numbers), len(wnids.marked) - 1)
    known = (wnids.marked[places] == numbers) | (numbers == 0)
    wrong = np.flatnonzero(np.where(labels, ~known, values >= MARK))
    if len(wrong):
        rows = np.searchsorted(starts, wrong[:SHOWN_FAULTS], side="right") - 1
        faults = tuple(_faults(lines, zip(rows.tolist(), column[wrong].tolist(), strict=False), columns))
        raise Unreadable(faults[0].code, faults[0].sentence, faults[0].remedy, faults, len(wrong))
    ids = np.where(labels, np.where(numbers == 0, 0, wnids.ids[places]), values)
    return Lines(lines.text, ids, lines.lengths)


def _faults(lines: Lines, places: Iterator[tuple[int, int]], columns: int) -> Iterator[Fault]:
    for row, column in places:
        told = lines.fault(row, column, "not-a-number", "{0} is a WNID, and a number was expected.", _SHIFTED)
        word = lines.word(row, column)
        yield told if column % columns else not_a_wnid(word, told.line or 0, told.column or 0)


_SHIFTED = "Look for a number missing before it: a guess is a label and the four sides of its box."
