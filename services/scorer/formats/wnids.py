"""Reads a text file of WNIDs, one line per image: the grammar of `rows`, with WNIDs for numbers and 0 for no guess.

A block is checked and looked up with array operations; a block with a word that is neither is gone through word by word.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from services.scorer.formats.blocks import PAD, Bytes, Readable, blocks, content
from services.scorer.formats.faults import FaultList
from services.scorer.formats.numbering import WNID, Numbers
from services.scorer.formats.recognise import refuse_other_formats
from services.scorer.formats.rows import Rows, joined, padded
from services.scorer.formats.tokens import Mask, Tokens, tokenize
from services.scorer.formats.wording import shown
from shared.challenge import Synset
from shared.errors import Fault

DIGITS = 8
"""Behind the n."""
MARK = 10**DIGITS
"""Read as a number, a WNID is its digits behind a 1 in place of the n: none of them is 0, and none another's."""

_WORD = re.compile(rb"[^ \t\r\n,]+")
_ZERO, _ONE, _N = (np.uint8(ord(letter)) for letter in "01n")


@dataclass(frozen=True, slots=True)
class Wnids:
    """The WNIDs of a challenge and their ids: one by one, and as arrays, (synsets,) `marked` ascending with its `ids`."""

    by_wnid: dict[bytes, int]
    marked: Numbers
    ids: Numbers

    def ids_of(self, numbers: Numbers) -> Numbers | None:
        """The ids of many, 0 for 0; None if one is not known."""
        places = np.minimum(np.searchsorted(self.marked, numbers), len(self.marked) - 1)
        known = self.marked[places] == numbers
        if not (known | (numbers == 0)).all():
            return None
        found: Numbers = np.where(known, self.ids[places], 0)
        return found


def wnids_of(synsets: tuple[Synset, ...]) -> Wnids:
    """All WNIDs of a challenge, those of ancestors too: they are known, but no categories."""
    by_wnid = {synset.wnid.encode(): synset.id for synset in reversed(synsets) if WNID.fullmatch(synset.wnid.encode())}
    table = np.array([(MARK + int(wnid[1:]), by_wnid[wnid]) for wnid in sorted(by_wnid)], np.int64).reshape(-1, 2)
    return Wnids(by_wnid, table[:, 0], table[:, 1].astype(np.int32))


def not_a_wnid(word: bytes, line: int, column: int) -> Fault:
    """The fault of a word that names nothing in this challenge."""
    if WNID.fullmatch(word):
        sentence, remedy = f"{shown(word)} is no WNID of this challenge.", "Write the WNIDs of its list of synsets."
        return Fault("unknown-wnid", sentence, remedy, line, column)
    remedy = "Write WNIDs such as n02119789, or say by labels= how else the file names categories."
    return Fault("not-a-wnid", f"{shown(word)} is not a WNID.", remedy, line, column)


def read_wnids(data: Readable, wnids: Wnids, width: int, lines: int | None = None) -> Rows:
    """Read `data` as `rows.read_rows` does; the numbers returned are synsets' ids. Raises `Unreadable`."""
    refuse_other_formats(data)
    faults = FaultList()
    kept: list[Rows] = []
    found = 0
    for block in blocks(content(data)):
        numbered, good = _with_marks(block)
        tokens = tokenize(numbered)
        ids = wnids.ids_of(tokens.values) if good else None
        wrong = [] if ids is not None else list(_wrong_words(block, wnids))
        faults.look(_without(numbered, wrong), tokens if good else _suspected(tokens), found + 1)
        faults.add(_told(block, wrong, found + 1), len(wrong))
        if ids is not None and (lines is None or found < lines):
            kept.append(padded(Tokens(ids, tokens.last, tokens.lengths, tokens.too_large, tokens.plain), width))
        found += len(tokens.last)
    faults.expect_lines(lines, found)
    faults.refuse()
    return joined(kept)


def _with_marks(block: Bytes) -> tuple[Bytes, bool]:
    """`block` with a 1 for each n, and whether every word in it is an n before eight digits, or 0."""
    letter = block == _N
    digit = (block - _ZERO) <= 9
    marked = np.where(letter, _ONE, block)
    word = digit | letter
    starts = np.flatnonzero(word[1:] > word[:-1]) + 1
    lengths = np.flatnonzero(word[:-1] > word[1:]) + 1 - starts
    whole = (lengths == DIGITS + 1) & letter[starts]
    good = whole | ((lengths == 1) & (block[starts] == _ZERO))
    return marked, bool(
        good.all() and np.count_nonzero(letter) == np.count_nonzero(whole) and not _strange(block, word)
    )


def _strange(block: Bytes, word: Mask) -> bool:
    """Whether there is a byte that no word, blank, comma or line end has."""
    usual = word.copy()
    for allowed in b" \n\r\t,":
        usual |= block == allowed
    return not usual.all()


@dataclass(frozen=True, slots=True)
class _Wrong:
    """A word of a block that names nothing: where it starts, and its bytes."""

    place: int
    word: bytes


def _wrong_words(block: Bytes, wnids: Wnids) -> Iterator[_Wrong]:
    for word in _WORD.finditer(block.tobytes()):
        if word[0] != b"0" and word[0] not in wnids.by_wnid:
            yield _Wrong(word.start(), word[0])


def _without(numbered: Bytes, wrong: list[_Wrong]) -> Bytes:
    """`numbered` with zeros for what is told already, so that only the other faults are looked for."""
    for one in wrong:
        rest = numbered[one.place : one.place + len(one.word)]
        rest[(rest > ord(" ")) & (rest != 127)] = _ZERO
    return numbered


def _suspected(tokens: Tokens) -> Tokens:
    """`tokens`, to be looked at closely."""
    nowhere = np.empty(0, np.intp)
    return Tokens(tokens.values, tokens.last, tokens.lengths, nowhere, plain=False)


def _told(block: Bytes, wrong: list[_Wrong], first_line: int) -> Iterator[Fault]:
    for one in wrong:
        before = block[PAD : one.place].tobytes()
        yield not_a_wnid(one.word, first_line + before.count(b"\n"), len(before) - before.rfind(b"\n"))
