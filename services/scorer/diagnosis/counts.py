"""The wrong number of lines, where the number itself tells why."""

import numpy as np

from services.scorer.diagnosis.cause import Cause
from services.scorer.diagnosis.sight import Sight, words_of
from services.scorer.formats.blocks import content

_BATCHES = (256, 128, 64, 32, 512, 1024, 100, 200, 250, 500, 1000, 192, 384, 400, 768)
"""Sizes of batches, the usual ones first; a smaller one says too little."""


def _other_split(sight: Sight) -> Cause | None:
    fitting = [name for name, images in sight.case.other_splits if images == sight.lines]
    if not fitting or not _wrong(sight):
        return None
    name = fitting[0]
    sentence = f"{sight.lines:,} lines are one for each image of the split {name}; this split has {sight.expected:,}."
    return Cause("other-split", sentence, f"Send it to the split {name}, or send this split's file here.")


def _guess_per_line(sight: Sight) -> Cause | None:
    """One id a line, and as many lines as guesses."""
    guesses = sight.case.guesses
    if not _wrong(sight) or guesses == 1 or sight.lines != guesses * (sight.expected or 0):
        return None
    if any(len(words_of(line)) != 1 for line in sight.head):
        return None
    sentence = (
        f"Each guess has a line of its own: {sight.lines:,} lines are {sight.expected:,} images × {guesses} guesses."
    )
    return Cause("guess-per-line", sentence, f"Put the {guesses} guesses of an image on one line, separated by spaces.")


def _everything_twice(sight: Sight) -> Cause | None:
    """The same bytes twice, apart from the last line end."""
    text = content(sight.data)
    halves = [(len(text) + end) // 2 for end in (1, 2) if (len(text) + end) % 2 == 0]
    if not _wrong(sight) or sight.lines != 2 * (sight.expected or 0):
        return None
    if not any(np.array_equal(text[: len(text) - half], text[half:]) for half in halves):
        return None
    sentence = f"The file holds the same {sight.expected:,} lines twice: one run wrote after the other."
    return Cause("everything-twice", sentence, 'Empty the file before writing: open(path, "w"), not "a".')


def _blank_lines(sight: Sight) -> Cause | None:
    """As many blank lines as there are lines too many, and nothing else."""
    blank = sight.refusal.fault_count - 1
    if not _wrong(sight) or (sight.lines or 0) - (sight.expected or 0) != blank or not sight.places:
        return None
    if any(place.code != "blank-line" for place in sight.places):
        return None
    what = "A line is" if blank == 1 else f"{blank:,} lines are"
    sentence = (
        f"{what} blank, the first is line {sight.places[0].line:,}: with them the file has {sight.lines:,} lines."
    )
    return Cause("blank-line", sentence, "Take blank lines out; write 0 on the line of an image without a guess.")


def _one_off(sight: Sight) -> Cause | None:
    if not _wrong(sight) or sight.places or not sight.lines or not sight.expected or sight.expected < 2:
        return None
    numbers = f"{sight.lines:,} lines for {sight.expected:,} images"
    if sight.lines == sight.expected - 1:
        sentence = f"One line is missing: {numbers}. The first is often lost to a reader that takes it for a heading."
        remedy = "Compare the file's first and last line with your program's; pandas.read_csv needs header=None."
        return Cause("one-line-missing", sentence, remedy)
    if sight.lines == sight.expected + 1:
        sentence = f"There is one line too many: {numbers}. All after it would be judged for other images."
        remedy = "Look for an image given twice, a line of totals, or a heading that is made of numbers."
        return Cause("one-line-too-many", sentence, remedy)
    return None


def _batches(sight: Sight) -> Cause | None:
    """A last, incomplete batch that was dropped, or filled up."""
    if not _wrong(sight) or not sight.lines or not sight.expected:
        return None
    size = next((size for size in _BATCHES if sight.lines % size == 0 and 1 < _gap(sight) < size), None)
    if size is None or sight.expected < 2 * size:
        return None
    if sight.lines < sight.expected:
        sentence = f"The last {_gap(sight):,} images are missing: {sight.lines:,} lines are whole batches of {size}."
        return Cause("last-batch-dropped", sentence, "Predict for the last, smaller batch too: drop_last=False.")
    sentence = f"There are {_gap(sight):,} lines too many: the last batch was filled up to {size}."
    return Cause(
        "last-batch-padded", sentence, "Drop the lines after the last image, once you know that they are last."
    )


def _gap(sight: Sight) -> int:
    return abs((sight.lines or 0) - (sight.expected or 0))


def _wrong(sight: Sight) -> bool:
    """Whether the number of lines is what the file was refused for."""
    return sight.refusal.code in ("too-few-lines", "too-many-lines")


RULES = (_blank_lines, _everything_twice, _other_split, _guess_per_line, _one_off, _batches)
