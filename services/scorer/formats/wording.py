"""Puts a fault into words: what stands there, why it cannot be read, how to mend it.

Reached only for the faults that will be shown.
"""

import re
from enum import IntEnum

from services.scorer.formats.tokens import LARGEST

Words = tuple[str, str, str]
"""Code, sentence, remedy."""

SHOWN_BYTES = 40
"""How much of a word is repeated to its author; it may be a megabyte long."""


class Kind(IntEnum):
    """What can be wrong at a place."""

    WORD = 0
    TOO_LARGE = 1
    LONE_RETURN = 2
    BLANK_LINE = 3
    EMPTY_FIELD = 4
    BINARY = 5


_NUMBER_REMEDY = "Write whole numbers: the ids of categories, or 0 for no guess."

_PLAIN: dict[Kind, Words] = {
    Kind.LONE_RETURN: (
        "lone-carriage-return",
        "There is a carriage return without a line feed.",
        "End lines with LF or CRLF.",
    ),
    Kind.BLANK_LINE: (
        "blank-line",
        "The line is blank; the lines after it would be judged for other images.",
        "Write 0 on the line of an image without a guess.",
    ),
    Kind.EMPTY_FIELD: (
        "empty-field",
        "There is no id beside this comma.",
        "Put one comma between two ids, none at the ends; write 0 for no guess.",
    ),
}

# Tried from top to bottom on a word that is UTF-8; {0} is the word, shortened.
_PATTERNS: tuple[tuple[re.Pattern[str], Words], ...] = (
    (
        re.compile(r"[-−–]\d+", re.ASCII),
        ("negative-number", "{0} is negative; ids start at 1.", "Write the category's id, or 0 for no guess."),
    ),
    (
        re.compile(r"[-+]?(\d+\.\d*|\.\d+|\d+(?=[eE]))([eE][-+]?\d+)?", re.ASCII),
        ("not-a-whole-number", "{0} is not written as a whole number.", "Write whole numbers: 7, not 7.0 or 7e0."),
    ),
    (
        re.compile(r"\+\d+", re.ASCII),
        ("not-a-whole-number", "{0} has a sign.", "Write digits only: 7, not +7."),
    ),
    (
        re.compile(r"n\d{8}.*", re.ASCII),
        ("not-a-number", "{0} looks like a WNID.", "Write the category's number in the challenge's list of synsets."),
    ),
    (
        re.compile(r".*\.(jpe?g|png)", re.ASCII | re.IGNORECASE),
        ("not-a-number", "{0} looks like the name of an image.", "Leave names out: line 1 is the first image."),
    ),
    (
        re.compile(r"\d+([;|:/]\d*)+", re.ASCII),
        ("not-a-number", "{0} is not one number.", "Separate ids by spaces, tabs or commas."),
    ),
    (
        re.compile(r".*[^\W\d_].*", re.DOTALL),
        ("not-a-number", "{0} holds letters.", _NUMBER_REMEDY),
    ),
    (
        re.compile(r".*\s.*", re.DOTALL),
        ("not-a-number", "{0} holds a space of another kind.", "Separate ids by plain spaces, tabs or commas."),
    ),
    (
        re.compile(r"(?=.*[^\x00-\x7f])\d+"),
        ("foreign-digits", "{0} is written with digits other than 0 to 9.", "Write the digits 0 to 9, as plain ASCII."),
    ),
)


def shown(word: bytes) -> str:
    """`word` for a sentence: in quotes, as ASCII, cut if it is long."""
    return ascii(word[:SHOWN_BYTES].decode("utf-8", "replace")) + ("…" if len(word) > SHOWN_BYTES else "")


# Where ids count from 0, no guess is not 0.
_FROM_ZERO = {
    "negative-number": "Write the category's id; leave out what is no guess.",
    "empty-field": "Put one comma between two ids, none at the ends; leave out what is no guess.",
    "not-a-number": "Write whole numbers, the ids of categories; leave out what is no guess.",
    "number-too-large": "Write whole numbers, the ids of categories.",
}


def put_into_words(kind: Kind, rest: bytes, from_zero: bool = False) -> Words:
    """Describe a fault of `kind` at the start of `rest`, the text from its place on; `from_zero`: where ids start."""
    code, sentence, remedy = _in_words(kind, rest)
    if not from_zero:
        return code, sentence, remedy
    return code, sentence.replace("ids start at 1", "ids start at 0"), _FROM_ZERO.get(code, remedy)


def _in_words(kind: Kind, rest: bytes) -> Words:
    if kind in _PLAIN:
        return _PLAIN[kind]
    if kind is Kind.BINARY:
        return "binary-file", f"This is a binary file: it holds the byte 0x{rest[0]:02X}.", "Send a text file of ids."
    word = re.split(rb"[ \t\r\n,]", rest[: SHOWN_BYTES + 1], maxsplit=1)[0]
    if kind is Kind.TOO_LARGE:
        return "number-too-large", f"{shown(word)} is above {LARGEST:,}, the greatest number read.", _NUMBER_REMEDY
    return _describe(word)


def _describe(word: bytes) -> Words:
    try:
        text = _without_cut_letter(word).decode("utf-8")
    except UnicodeDecodeError as error:
        wrong = word[error.start : error.start + 4].hex(" ").upper()
        return "not-utf-8", f"The bytes {wrong} are not UTF-8 text.", "Save the file as plain ASCII text."
    for pattern, (code, sentence, remedy) in _PATTERNS:
        if pattern.fullmatch(text):
            return code, sentence.format(_shown(text)), remedy
    return "not-a-number", f"{_shown(text)} is not a whole number.", _NUMBER_REMEDY


def _without_cut_letter(word: bytes) -> bytes:
    """`word` without a letter of several bytes that shortening cut in two."""
    if len(word) <= SHOWN_BYTES:
        return word
    for back in range(1, 5):
        if word[-back] >= 0xC0:
            return word[:-back]
        if word[-back] < 0x80:
            break
    return word


def _shown(text: str) -> str:
    return ascii(text) if len(text) <= SHOWN_BYTES else ascii(text[:SHOWN_BYTES]) + "…"
