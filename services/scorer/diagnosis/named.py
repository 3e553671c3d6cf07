"""Files whose lines should start with the names of images, and do not: the rules of tasks keyed by name.

Lines may stand in any order there, so that what numbers of lines tell elsewhere tells nothing.
"""

import re
from collections.abc import Callable

from services.scorer.diagnosis import layout, tables, words
from services.scorer.diagnosis.cause import Cause
from services.scorer.diagnosis.sight import Place, Sight, shown, words_of

_NUMBER = re.compile(r"\d+", re.ASCII)
_JOINED = re.compile(r"[^;|]*[^;|\d]([;|])\d[\d;|]*", re.ASCII)
_SEPARATORS = {";": "semicolons", "|": "pipes"}
_LINE = "Write one line per image: its name, then the ids of its categories."


def _everywhere(sight: Sight, fits: Callable[[Place], bool]) -> Place | None:
    """The first place, if the names of all shown lines are unknown and fit; one slip is no habit."""
    unknown = [place for place in sight.common if place.code == "unknown-image"]
    lines = {place.line for place in unknown}
    if lines != {place.line for place in sight.common} or len(lines) < min(2, max(1, (sight.lines or 0) - 1)):
        return None
    return unknown[0] if all(map(fits, unknown)) else None


def _separators(sight: Sight) -> Cause | None:
    place = _everywhere(sight, lambda place: _JOINED.fullmatch(place.word) is not None)
    match = _JOINED.fullmatch(place.word) if place else None
    if place is None or match is None:
        return None
    sentence = f"Names and ids are separated by {_SEPARATORS[match[1]]} ({shown(place.text)})."
    return Cause("other-separator", sentence, "Separate them by spaces, tabs or single commas.")


def _names_last(sight: Sight) -> Cause | None:
    place = _everywhere(sight, lambda place: _starts_with_id(place) and not _ends_with_id(place))
    if place is None:
        return None
    sentence = f"Each line ends with the name of its image ({shown(words_of(place.text)[-1])}): it should come first."
    return Cause("image-names-last", sentence, _LINE)


def _names_missing(sight: Sight) -> Cause | None:
    place = _everywhere(sight, _starts_with_id)
    if place is None:
        return None
    sentence = f"Lines start with a number ({shown(place.text)}) and not with the name of an image."
    return Cause("names-missing", sentence, _LINE)


def _starts_with_id(place: Place) -> bool:
    return _NUMBER.fullmatch(place.word) is not None


def _ends_with_id(place: Place) -> bool:
    return _NUMBER.fullmatch(words_of(place.text)[-1]) is not None


RULES = (*layout.OF_NAMED_ROWS, tables.HEADING, _separators, _names_last, _names_missing, *words.OF_NAMED_ROWS)
