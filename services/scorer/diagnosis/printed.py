"""Ids that a program printed in its own notation: lists, arrays, tensors, one JSON object a line."""

import json
import re

from services.scorer.diagnosis.cause import Cause
from services.scorer.diagnosis.sight import Sight, shown

_TENSOR = re.compile(r"\btensor\(")
_ARRAY = re.compile(r"(array\()?\[* ?\d+( \d+)* ?[\])]*")
_LIST = re.compile(r"\[\d+(,\d+)*,?\],?|\(\d+(,\d+)*,?\),?")
_ELLIPSIS = re.compile(r"(^|[\[\s,])(\.\.\.|…)([\]\s,]|$)")
_JOINED = 'Join the ids of an image by spaces: " ".join(map(str, ids)).'


def _cut_short(sight: Sight) -> Cause | None:
    """Before the other rules: here, ids are lost."""
    if not any(map(_ELLIPSIS.search, sight.head)) or not any("[" in line for line in sight.head):
        return None
    sentence = "This is an array as print shows it: the middle is left out (...), and its ids are lost."
    return Cause("print-cut-short", sentence, 'Write the whole array: numpy.savetxt(file, ids, fmt="%d").')


def _tensor(sight: Sight) -> Cause | None:
    if not any(_TENSOR.search(line) for line in sight.body):
        return None
    line = next(line for line in sight.head if _TENSOR.search(line))
    sentence = f"PyTorch tensors were printed ({shown(line)}), not the numbers they hold."
    return Cause("tensor-print", sentence, "Take the numbers out first (ids.tolist()), and join them by spaces.")


def _array(sight: Sight) -> Cause | None:
    """Square brackets without commas."""
    if not _all_match(sight, _ARRAY, " ") or "[" not in sight.head[0]:
        return None
    sentence = f"NumPy arrays were printed with their brackets ({shown(sight.head[0])})."
    return Cause("numpy-print", sentence, 'Write the array itself: numpy.savetxt(file, ids, fmt="%d").')


def _lists(sight: Sight) -> Cause | None:
    """Each line a whole list: no JSON, which would be one value."""
    if not _all_match(sight, _LIST, "") or (len(sight.head) == 1 and sight.expected not in (None, 1)):
        return None
    return Cause("python-lists", f"Each line is a list in brackets ({shown(sight.head[0])}).", _JOINED)


def _json_lines(sight: Sight) -> Cause | None:
    """Two lines or more, each a JSON object."""
    if len(sight.head) < 2 or not all(_is_json_object(line) for line in sight.head[:2]):
        return None
    sentence = f"Each line is a JSON object of its own (JSON Lines): {shown(sight.head[0])}."
    return Cause(
        "json-lines", sentence, "Send one JSON document for all images, or a text file with a line of ids each."
    )


def _all_match(sight: Sight, pattern: re.Pattern[str], blank: str) -> bool:
    """Whether each of the first lines is of the form, with `blank` for all that is blank."""
    return bool(sight.head) and all(pattern.fullmatch(blank.join(line.split())) for line in sight.head)


def _is_json_object(line: str) -> bool:
    try:
        return line.lstrip().startswith("{") and isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False


RULES = (_cut_short, _tensor, _array, _lists, _json_lines)
