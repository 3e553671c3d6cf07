"""Tables with more than the ids: headings, image names, counted lines, what pandas adds, Kaggle's submissions."""

import re
from collections.abc import Iterator, Sequence
from itertools import islice

from services.scorer.diagnosis.cause import Cause
from services.scorer.diagnosis.sight import Sight, shown, words_of
from services.scorer.formats.blocks import PAD, blocks, content

NAME = re.compile(r"[\"']?(ILSVRC\d{4}_\w+|[\w./\\:-]*\.(jpe?g|png|bmp|tiff?|webp))(\.jpe?g)?[\"']?", re.IGNORECASE)
_KAGGLE_HEADING = re.compile(r"\s*imageid\s*,\s*predictionstring\s*", re.IGNORECASE)
_BOXES = re.compile(r"[\"']?[\w.]+[\"']?\s*,\s*[\"']?n\d{8}( -?[\d.]+){4}\b.*")
_COUNTED = re.compile(r"\s*(?:line\s*)?(\d+)\s*[:.)]+(\s.*|)", re.IGNORECASE)
_DIGITS = re.compile(r"\d+")
_ORDER = "Leave the names out: one line of ids per image, in the alphabetical order of the names."
LONGEST_SEARCH_LINES = 500_000
"""How far an image that is named twice is searched for: half a million names take 60 MB."""


def _kaggle(sight: Sight) -> Cause | None:
    if not sight.head:
        return None
    if not (_KAGGLE_HEADING.fullmatch(sight.head[0]) or _BOXES.fullmatch(sight.head[0])):
        return None
    sentence = "This is a submission to Kaggle's localization contest: image names, WNIDs and boxes, not lines of ids."
    remedy = f"Write the WNIDs only, without heading and boxes, and send them with labels=wnid. {_ORDER}"
    return Cause("kaggle-submission", sentence, remedy)


def _names(sight: Sight) -> Cause | None:
    """A name on every line, at its start or its end."""
    rows = [row for line in sight.body if (row := words_of(line))]
    if _all_names([row[0] for row in rows]):
        example = _example(sight, 0, rows)
        plain = Cause("image-names", f"Each line starts with the name of its image ({example}).", _ORDER)
        return _twice(sight) or plain
    if _all_names([row[-1] for row in rows]):
        example = _example(sight, -1, rows)
        sentence = f"Each line ends with the name of its image ({example}): columns are the wrong way round."
        return Cause("image-names-last", sentence, _ORDER)
    return None


def _all_names(words: Sequence[str]) -> bool:
    return bool(words) and all(NAME.fullmatch(word) for word in words)


def _example(sight: Sight, place: int, rows: list[list[str]]) -> str:
    """The name on the first line that has one: the very first, unless it is a heading."""
    first = [row for row in [words_of(sight.head[0])] if row and NAME.fullmatch(row[place])]
    return shown([*first, *rows][0][place])


def _twice(sight: Sight) -> Cause | None:
    """The first image whose name stands at the start of two lines."""
    seen: dict[bytes, int] = {}
    for number, name in enumerate(_first_words(sight), start=1):
        first = seen.setdefault(name, number) if name else number
        if first != number:
            sentence = f"The image {shown(name.decode('utf-8', 'replace'))} has two lines, {first:,} and {number:,}."
            return Cause("image-twice", sentence, f"Keep one line for each image. {_ORDER}")
    return None


def _first_words(sight: Sight) -> Iterator[bytes]:
    """The first word of each line, as far as is searched; empty for a blank line."""
    lines = (line for block in blocks(content(sight.data)) for line in block[PAD:].tobytes().splitlines())
    for line in islice(lines, LONGEST_SEARCH_LINES):
        yield re.split(rb"[ \t\r,]", line.lstrip(), maxsplit=1)[0]


def _pandas_index(sight: Sight) -> Cause | None:
    """A heading whose first field is empty, above a column that counts."""
    if len(sight.head) < 2 or not sight.head[0].lstrip().startswith((",", '"",', "Unnamed:")):
        return None
    if not _counts([words_of(line)[0] for line in sight.body if line.strip(" ,\t\r")]):
        return None
    sentence = f"pandas wrote its index and a heading ({shown(sight.head[0])}): the first column counts the lines."
    return Cause(
        "pandas-index", sentence, 'Write the ids only: frame.to_csv(file, sep=" ", index=False, header=False).'
    )


def _line_numbers(sight: Sight) -> Cause | None:
    found = [_COUNTED.fullmatch(line) for line in sight.body]
    if not found or not all(found) or not _counts([match[1] for match in found if match]):
        return None
    example = sight.head[0] if _COUNTED.fullmatch(sight.head[0]) else sight.body[0]
    sentence = f"Each line starts with its number ({shown(example)})."
    return Cause("line-numbers", sentence, "Leave the numbers out: the place of a line tells its image.")


def _counts(words: Sequence[str]) -> bool:
    """Whether the words are whole numbers, each one more than the last; one alone does not count."""
    if len(words) < 2 or not all(_DIGITS.fullmatch(word) and len(word) < 12 for word in words):
        return False
    numbers = [int(word) for word in words]
    return numbers == list(range(numbers[0], numbers[0] + len(numbers)))


def _heading(sight: Sight) -> Cause | None:
    """Only the first line has letters, and all that is wrong beside it is perhaps that it is one line too many."""
    if len(sight.head) < 2 or not re.search(r"[^\W\d]", sight.head[0]) or not sight.places:
        return None
    extra = sight.refusal.code == "too-many-lines"
    if any(place.line > 1 for place in sight.places) or len(sight.places) + extra < sight.refusal.fault_count:
        return None
    if re.fullmatch(r"[\d\s,]+[^\W\d].*", sight.head[0]):
        return None  # it starts as a line of ids does
    also = f" With it there are {sight.lines:,} lines for {sight.expected:,} images." if extra else ""
    sentence = f"The first line is a heading ({shown(sight.head[0])}).{also}"
    return Cause("heading", sentence, "Leave the heading out: line 1 is the first image.")


RULES = (_kaggle, _names, _pandas_index, _line_numbers, _heading)

HEADING = _heading
"""The one of them that holds for lines with names, too."""
