"""Tries the rules on a refused file, the most telling first; the first that fits names the cause."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from services.scorer.diagnosis import counts, foreign, layout, printed, tables, words
from services.scorer.diagnosis.cause import Cause
from services.scorer.diagnosis.sight import Sight, look_at
from services.scorer.formats.blocks import Readable
from services.scorer.protocol import Case
from shared.errors import Unreadable

Rule = Callable[[Sight], Cause | None]

OF_ANY_FILE: tuple[Rule, ...] = (*foreign.RULES, *printed.RULES)
OF_TEXT: tuple[Rule, ...] = (*layout.RULES, *tables.RULES, *words.RULES, *counts.RULES)
"""Other layouts before tables, before single words, before mere numbers of lines."""
OF_NUMBERS: tuple[Rule, ...] = (*layout.RULES, *counts.RULES)
"""The same without what is said of ids alone."""

_OTHER_STARTS = (b"{", b"[", b"\x93NUMPY", b"PK\x03\x04")
_OTHER_FORMATS = frozenset({"archive", "saved-array", "document", "binary-file", "other-format"})
"""What is refused so is no list of ids, and has been told by its name."""


@contextmanager
def explaining(case: Case, data: Readable, lines: int | None, of_text: tuple[Rule, ...] = OF_TEXT) -> Iterator[None]:
    """While `data` is read: where that raises `Unreadable`, its cause stands in front of the same faults.

    `lines` is how many are expected, None for any number. `of_text` are the rules for a file that was read as lines.
    """
    try:
        yield
    except Unreadable as refusal:
        cause = _cause(look_at(case, data, lines, refusal), of_text)
        if cause is None:
            raise
        faults, count = refusal.faults, refusal.fault_count
        raise Unreadable(cause.code, cause.sentence, cause.remedy, faults, count) from refusal


def _cause(sight: Sight, of_text: tuple[Rule, ...]) -> Cause | None:
    rules = (*OF_ANY_FILE, *of_text) if _is_text(sight) else OF_ANY_FILE
    return next((cause for rule in rules if (cause := rule(sight))), None)


def _is_text(sight: Sight) -> bool:
    """Whether the file was read as lines of ids: JSON and arrays are read, and refused, elsewhere."""
    return sight.refusal.code not in _OTHER_FORMATS and not sight.start.lstrip().startswith(_OTHER_STARTS)
