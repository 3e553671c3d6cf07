"""Reads JSON as programs write it, quickly, with array operations over its bytes; says None to all else.

First try of `json_rows`. Nothing is judged here: what is not plainly good is read again by `json_scan`, which tells why.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from services.scorer.formats.blocks import BLOCK_BYTES, PAD, Bytes
from services.scorer.formats.names import Names
from services.scorer.formats.numbering import Numbers
from services.scorer.formats.rows import Rows, joined, padded
from services.scorer.formats.tokens import tokenize

ENDS_BYTES = 4096
"""How far from the ends of the file its outer brackets are looked for."""

LONGEST_NAME_BYTES = 200

_HEAD = re.compile(rb'[ \t\r\n]*+(\{[ \t\r\n]*+"predictions"[ \t\r\n]*+:[ \t\r\n]*+)?([\[{])')
_TAIL = re.compile(rb"\][ \t\r\n]*+([\]}])[ \t\r\n]*+(\}[ \t\r\n]*+)?$")

_BLANK, _DIGIT, _NAME, _COMMA, _COLON, _OPEN, _CLOSE, _ROW_COMMA, _OTHER = range(9)
"""The tokens; a comma behind a row is another than one behind an id, so that neighbours decide what is good."""


def _classes() -> Bytes:
    classes = np.full(256, _OTHER, np.uint8)
    kinds = {
        b" \t\r\n": _BLANK,
        b"0123456789": _DIGIT,
        b'"': _NAME,
        b",": _COMMA,
        b":": _COLON,
        b"[": _OPEN,
        b"]": _CLOSE,
    }
    for letters, kind in kinds.items():
        classes[list(letters)] = kind
    return classes


def _neighbours(with_names: bool) -> Bytes:
    """1 at 9 × token + next token where the two may stand side by side."""
    before_row = [(_ROW_COMMA, _NAME), (_NAME, _COLON), (_COLON, _OPEN)] if with_names else [(_ROW_COMMA, _OPEN)]
    in_row = [(_OPEN, _DIGIT), (_OPEN, _CLOSE), (_DIGIT, _COMMA), (_COMMA, _DIGIT), (_DIGIT, _CLOSE)]
    table = np.zeros(81, np.uint8)
    for first, second in (*before_row, *in_row, (_CLOSE, _ROW_COMMA)):
        table[9 * first + second] = 1
    return table


def _as_lines() -> Bytes:
    """A row's end becomes a line's, and whatever is no digit a space: the rest is the work of `tokens`."""
    spelled = np.full(256, ord(" "), np.uint8)
    spelled[list(b"0123456789")] = list(b"0123456789")
    spelled[ord("]")] = ord("\n")
    return spelled


_CLASSES, _AS_LINES = _classes(), _as_lines()
_ROWS_ONLY, _NAMED_ROWS = _neighbours(with_names=False), _neighbours(with_names=True)


@dataclass(frozen=True, slots=True)
class Usual:
    """Rows as they stand in the file; `images`, (rows,) the number of each row's image, None where rows have no names."""

    rows: Rows
    images: Numbers | None


def read_usual(text: Bytes, width: int, names: Names | None) -> Usual | None:
    """Rows of whole numbers below 2³¹, or such rows by the names of images, all of one length; None for all else."""
    body = _body(text)
    if body is None or (body.named and names is None):
        return None
    parts: list[Rows] = []
    images: list[Numbers] = []
    for block in _blocks(body.text):
        if body.named and names is not None:
            found = _take_names(block[PAD:], names)
            if found is None:
                return None
            images.append(found)
        if not _is_good(block[PAD - 1 :], _NAMED_ROWS if body.named else _ROWS_ONLY):
            return None
        tokens = tokenize(_AS_LINES[block])
        if len(tokens.too_large):
            return None
        parts.append(padded(tokens, width))
    return Usual(joined(parts), np.concatenate(images) if body.named else None)


@dataclass(frozen=True, slots=True)
class _Body:
    """What stands between the outer brackets, up to the end of the last row."""

    text: Bytes
    named: bool


def _body(text: Bytes) -> _Body | None:
    head = _HEAD.match(text[:ENDS_BYTES].tobytes())
    tail = _TAIL.search(text[-ENDS_BYTES:].tobytes())
    if not head or not tail or bool(head[1]) != bool(tail[2]) or (head[2] == b"{") != (tail[1] == b"}"):
        return None
    stop = len(text) - min(len(text), ENDS_BYTES) + tail.start() + 1
    return _Body(text[head.end() : stop], head[2] == b"{") if head.end() < stop else None


def _blocks(text: Bytes) -> Iterator[Bytes]:
    """`PAD` line ends, then whole rows; a comma is put before the first row, as there is before all others.

    A row that does not fit into a block is cut in two, and what is cut is not good.
    """
    start = 0
    while start < len(text):
        stop = min(start + BLOCK_BYTES, len(text))
        stop = start + text[start:stop].tobytes().rfind(b"]") + 1 or stop
        block = np.full(PAD + stop - start, ord("\n"), np.uint8)
        block[PAD:] = text[start:stop]
        if start == 0:
            block[PAD - 1] = ord(",")
        yield block
        start = stop


def _take_names(text: Bytes, names: Names) -> Numbers | None:
    """The numbers of the names in `text`, of which only the opening quotes are left; None if one is not usual."""
    quotes = np.flatnonzero(text == ord('"'))
    if len(quotes) == 0 or len(quotes) % 2:
        return None
    starts, lengths = quotes[::2], np.diff(quotes)[::2]
    length = int(lengths[0])
    if length > LONGEST_NAME_BYTES or length < 2 or (lengths != length).any():
        return None
    numbers = names.numbers(sliding_window_view(text, length - 1)[starts + 1])
    if numbers is not None:
        sliding_window_view(text, length, writeable=True)[starts + 1] = ord(" ")
    return numbers


def _is_good(text: Bytes, neighbours: Bytes) -> bool:
    """Whether `text` is rows, each behind a comma, of numbers as JSON spells them."""
    kinds = _CLASSES[text]
    digit = kinds == _DIGIT
    begins = kinds != _BLANK
    begins[1:] &= ~(digit[1:] & digit[:-1])
    if (begins[:-1] & digit[1:] & (text[:-1] == ord("0"))).any():
        return False
    tokens = kinds[begins]
    before = np.append(np.uint8(_CLOSE), tokens[:-1])
    tokens[(tokens == _COMMA) & (before == _CLOSE)] = _ROW_COMMA
    before[1:] = tokens[:-1]
    return bool(tokens[-1] == _CLOSE and neighbours[before * np.uint8(9) + tokens].all())
