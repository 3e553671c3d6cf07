"""What an accepted file may not be meant to hold. Cheap: a few array operations, most of them on the first lines only."""

from collections.abc import Iterator
from itertools import combinations

import numpy as np

from services.scorer.formats.numbering import FIRST as FIRST_ID
from services.scorer.formats.rows import Rows
from services.scorer.formats.tokens import Mask
from services.scorer.protocol import Case
from shared.report import Note

FIRST = 64
"""Lines that a costly look begins with: what is not in them is not everywhere."""

ENOUGH = 10
"""Lines below which chance alone may look like a pattern."""

MANY = 0.1
"""The share of lines with unknown ids that speaks of another list of categories."""


def suspicions(case: Case, rows: Rows) -> Iterator[Note]:
    """Notes on `rows`, as they were read."""
    looks = (_from_zero, _other_list, _counting, _boxes, _scores, _same_everywhere, _repeated, _thousands)
    yield from (note for look in looks if (note := look(case, rows)))


def suspicions_of_named(case: Case, rows: Rows) -> Iterator[Note]:
    """Notes on rows that were read by name: their order tells nothing. In `rows` 0 is no guess, as everywhere."""
    looks = (_same_everywhere, _repeated)
    yield from (note for look in looks if (note := look(case, rows)))


def note(code: str, marked: Mask, sentence: str) -> Note | None:
    """`marked`: (images,) or (images, k). Lines with a mark are counted; None without any."""
    if not marked.any():
        return None
    lines = np.flatnonzero(marked.any(axis=1) if marked.ndim == 2 else marked)
    return Note(code=code, sentence=sentence, count=len(lines), first_line=int(lines[0]) + 1)


def _from_zero(case: Case, rows: Rows) -> Note | None:
    """0 stands in front of other guesses, and the greatest id never comes: ids run from 0."""
    if case.labels != "ilsvrc" or rows.numbers.shape[1] < 2:
        return None
    zeros = rows.numbers == 0
    if not zeros.any() or _thousands(case, rows):
        return None
    greatest = int(rows.numbers.max())
    before = zeros[:, :-1] & ~zeros[:, 1:]
    if greatest >= case.categories if case.categories else greatest not in (999, 9999):
        return None
    return note(
        "looks-zero-based",
        before,
        f"Ids look like 0 to {greatest:,}: 0 stands before other guesses, where it means no guess, and "
        f"{case.categories or greatest + 1:,} never comes. Numbers of model zoos are sent with labels=model-zoo.",
    )


def _other_list(case: Case, rows: Rows) -> Note | None:
    if case.categories is None or rows.numbers.max() <= case.categories:
        return None
    above = rows.numbers > case.categories
    lines = np.count_nonzero(above.any(axis=1))
    if lines < max(ENOUGH, MANY * len(above)):
        return None
    sentence = (
        f"Ids go up to {rows.numbers.max():,}, above {case.categories:,}, on many lines: they look like those of another "
        "list of categories, such as ImageNet-21k's."
    )
    return note("looks-like-other-list", above, sentence)


def _counting(_: Case, rows: Rows) -> Note | None:
    """A column that goes 0, 1, 2 … or 1, 2, 3 … down the file: lines or images were numbered."""
    numbers = rows.numbers
    if len(numbers) < ENOUGH:
        return None
    for column in np.flatnonzero((np.diff(numbers[:ENOUGH], axis=0) == 1).all(axis=0)):
        steps = numbers[:, column] - np.arange(len(numbers))
        if (steps == steps[0]).all():
            last = f"{numbers[0, column]}, {numbers[1, column]}, {numbers[2, column]} …"
            sentence = (
                f"Column {column + 1} counts the lines ({last}) and was read as guesses: leave such a column out."
            )
            return note("looks-like-line-numbers", np.ones(len(numbers), np.bool_), sentence)
    return None


def _boxes(case: Case, rows: Rows) -> Note | None:
    """Five numbers for each guess: an id and a box, the form of localization."""
    if not _all_of_length(rows, 5 * case.guesses) or case.guesses == 1:
        return None
    sentence = (
        f"Each line holds {5 * case.guesses} numbers, as localization has them (an id and a box, {case.guesses} times): "
        f"the first {case.guesses} were read as ids."
    )
    return note("looks-like-boxes", rows.lengths > case.guesses, sentence)


def _scores(case: Case, rows: Rows) -> Note | None:
    """As many numbers as categories."""
    if not case.categories or case.categories <= case.guesses or not _all_of_length(rows, case.categories):
        return None
    sentence = (
        f"Each line holds {case.categories:,} numbers, one for each category: these look like scores, and the first "
        f"{case.guesses} were read as ids."
    )
    return note("looks-like-scores", rows.lengths > case.guesses, sentence)


def _all_of_length(rows: Rows, length: int) -> bool:
    first = rows.lengths[:FIRST]
    return bool((first == length).all() and (rows.lengths == length).all())


def _same_everywhere(_: Case, rows: Rows) -> Note | None:
    numbers = rows.numbers
    if len(numbers) < ENOUGH or not (numbers[:FIRST] == numbers[0]).all() or not (numbers == numbers[0]).all():
        return None
    sentence = "Every line is the same: the program guesses one thing for all images."
    return note("same-line-everywhere", np.ones(len(numbers), np.bool_), sentence)


def _repeated(case: Case, rows: Rows) -> Note | None:
    """An id twice in one line. What a line lacks is no guess, nor is 0 where categories count from 1."""
    numbers = rows.numbers
    missing = np.arange(numbers.shape[1]) >= rows.lengths[:, None]
    if FIRST_ID[case.labels] > 0:
        missing |= numbers == 0
    # Columns of two bytes side by side are compared ten times as fast as those of the rows.
    narrow = numbers.astype(np.uint16) if numbers.max() <= np.iinfo(np.uint16).max else numbers
    columns = np.ascontiguousarray(narrow.T)
    guessed = ~missing.T if missing.any() else None
    marked = np.zeros(len(numbers), np.bool_)
    for left, right in combinations(range(len(columns)), 2):
        same = columns[left] == columns[right]
        marked |= same if guessed is None else same & guessed[left] & guessed[right]
    return note("repeated-guesses", marked, "An id stands twice in one line: the second adds nothing.")


def _thousands(case: Case, rows: Rows) -> Note | None:
    """1,000 is read as 1 and 0: the longer lines are all longer by one, and each has such a pair."""
    k = case.guesses
    longer = rows.lengths > k
    if not longer.any() or rows.lengths.max() > k + 1 or longer.all():
        return None
    numbers = rows.numbers[longer]
    pairs = (numbers[:, :-1] == 1) & (numbers[:, 1:] == 0)
    if not (pairs.any(axis=1) | (numbers[:, -1] == 1)).all():
        return None
    sentence = "1,000 was read as the two ids 1 and 0, for a comma separates ids: write 1000."
    return note("looks-like-thousands", longer, sentence)
