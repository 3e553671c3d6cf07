"""Puts a fault into words: what stands there, why it cannot be read, how to mend it.

Reached only for the faults that will be shown.
"""

import re
from dataclasses import dataclass
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
    COLUMNS = 6


@dataclass(frozen=True, slots=True)
class Speech:
    """How a grammar speaks of its own lines and numbers. Where it says nothing of a blank line, that is no fault."""

    numbers: str = "ids"
    rows: str = "one line of ids per image"
    number_remedy: str = "Write whole numbers: the ids of categories, or 0 for no guess."
    least: str = "ids start at 1"
    negative_remedy: str = "Write the category's id, or 0 for no guess."
    name_remedy: str = "Leave names out: line 1 is the first image."
    blank_line: str = "The line is blank; the lines after it would be judged for other images."
    blank_remedy: str = "Write 0 on the line of an image without a guess."
    empty_field: str = "There is no id beside this comma."
    empty_remedy: str = "Put one comma between two ids, none at the ends; write 0 for no guess."


IDS = Speech()

_LEAVE_OUT = "leave out what is no guess"

NAMED_IDS = Speech(
    rows="one line per image: its name, then its ids",
    number_remedy=f"Write whole numbers, the ids of categories; {_LEAVE_OUT}.",
    least="ids start at 0",
    negative_remedy=f"Write the category's id; {_LEAVE_OUT}.",
    name_remedy="Write the name once, in front of its ids.",
    blank_line="",
    empty_remedy=f"Put one comma between two ids, none at the ends; {_LEAVE_OUT}.",
)
"""Lines that start with the name of their image, in any order; ids count from 0."""

# {0} is the word, shortened, {speech} the grammar's own.
_PLAIN: dict[Kind, Words] = {
    Kind.LONE_RETURN: (
        "lone-carriage-return",
        "There is a carriage return without a line feed.",
        "End lines with LF or CRLF.",
    ),
    Kind.BLANK_LINE: ("blank-line", "{speech.blank_line}", "{speech.blank_remedy}"),
    Kind.EMPTY_FIELD: ("empty-field", "{speech.empty_field}", "{speech.empty_remedy}"),
}

# Tried from top to bottom on a word that is UTF-8.
Patterns = tuple[tuple[re.Pattern[str], Words], ...]

WHOLE_NUMBERS: Patterns = (
    (
        re.compile(r"[-−–]\d+", re.ASCII),
        ("negative-number", "{0} is negative; {speech.least}.", "{speech.negative_remedy}"),
    ),
    (
        re.compile(r"[-+]?(\d+\.\d*|\.\d+|\d+(?=[eE]))([eE][-+]?\d+)?", re.ASCII),
        ("not-a-whole-number", "{0} is not written as a whole number.", "Write whole numbers: 7, not 7.0 or 7e0."),
    ),
    (
        re.compile(r"\+\d+", re.ASCII),
        ("not-a-whole-number", "{0} has a sign.", "Write digits only: 7, not +7."),
    ),
)

_ANY_NUMBERS: Patterns = (
    (
        re.compile(r"n\d{8}.*", re.ASCII),
        ("not-a-number", "{0} looks like a WNID.", "Write the category's number in the challenge's list of synsets."),
    ),
    (
        re.compile(r".*\.(jpe?g|png)", re.ASCII | re.IGNORECASE),
        ("not-a-number", "{0} looks like the name of an image.", "{speech.name_remedy}"),
    ),
    (
        re.compile(r"\d+([;|:/]\d*)+", re.ASCII),
        ("not-a-number", "{0} is not one number.", "Separate {speech.numbers} by spaces, tabs or commas."),
    ),
    (
        re.compile(r".*[^\W\d_].*", re.DOTALL),
        ("not-a-number", "{0} holds letters.", "{speech.number_remedy}"),
    ),
    (
        re.compile(r".*\s.*", re.DOTALL),
        (
            "not-a-number",
            "{0} holds a space of another kind.",
            "Separate {speech.numbers} by plain spaces, tabs or commas.",
        ),
    ),
    (
        re.compile(r"(?=.*[^\x00-\x7f])\d+"),
        ("foreign-digits", "{0} is written with digits other than 0 to 9.", "Write the digits 0 to 9, as plain ASCII."),
    ),
)


def shown(word: bytes) -> str:
    """`word` for a sentence: in quotes, as ASCII, cut if it is long."""
    return ascii(word[:SHOWN_BYTES].decode("utf-8", "replace")) + ("…" if len(word) > SHOWN_BYTES else "")


def put_into_words(kind: Kind, rest: bytes, speech: Speech = IDS, expected: Patterns = WHOLE_NUMBERS) -> Words:
    """Describe a fault of `kind` at the start of `rest`, the text from its place on, where `expected` was expected."""
    word = re.split(rb"[ \t\r\n,]", rest[: SHOWN_BYTES + 1], maxsplit=1)[0]
    if kind in _PLAIN:
        code, sentence, remedy = _PLAIN[kind]
    elif kind is Kind.BINARY:
        sentence = f"This is a binary file: it holds the byte 0x{rest[0]:02X}."
        code, remedy = "binary-file", "Send a text file of {speech.numbers}."
    elif kind is Kind.TOO_LARGE and expected is WHOLE_NUMBERS:
        sentence = f"{{0}} is above {LARGEST:,}, the greatest number read."
        code, remedy = "number-too-large", "{speech.number_remedy}"
    elif kind is Kind.TOO_LARGE:
        code, sentence, remedy = "number-too-large", "{0} is beyond the range of numbers.", "{speech.number_remedy}"
    else:
        code, sentence, remedy = _describe(word, expected)
    said = shown(_without_cut_letter(word)) if kind is Kind.WORD else shown(word)
    return code, sentence.format(said, speech=speech), remedy.format(speech=speech)


def _describe(word: bytes, expected: Patterns) -> Words:
    try:
        text = _without_cut_letter(word).decode("utf-8")
    except UnicodeDecodeError as error:
        wrong = word[error.start : error.start + 4].hex(" ").upper()
        return "not-utf-8", f"The bytes {wrong} are not UTF-8 text.", "Save the file as plain ASCII text."
    for pattern, words in (*expected, *_ANY_NUMBERS):
        if pattern.fullmatch(text):
            return words
    whole = "a whole number" if expected is WHOLE_NUMBERS else "a number"
    return "not-a-number", f"{{0}} is not {whole}.", "{speech.number_remedy}"


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
