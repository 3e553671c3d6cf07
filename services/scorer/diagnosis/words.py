"""What stands where ids should, when it is nearly everywhere the same kind of thing."""

import re
from collections.abc import Callable

from services.scorer.diagnosis.cause import Cause
from services.scorer.diagnosis.sight import Place, Sight, shown, words_of

MOST = 0.9
"""The share of shown faults that must fit: the odd one may be another mistake."""

_FLOAT = re.compile(r"[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d+)?", re.ASCII)
_INTEGER = re.compile(r"\d+", re.ASCII)
_PAIR = re.compile(r"\(?(n?\d+)[:=](\d+(\.\d*)?|\.\d+)([eE][-+]?\d+)?\)?", re.ASCII)
_WNID = re.compile(r"[\"']?n\d{8}[\"']?", re.ASCII)
_SEPARATORS = {";": "semicolons", "|": "pipes", "/": "slashes", ":": "colons", "_": "underscores", "&": "ampersands"}
_SEPARATED = re.compile(r"\d*([;|/:_&])[\d;|/:_&]*", re.ASCII)
_QUOTED = re.compile(r"[\"'“”‘’`]+\d*[\"'“”‘’`]*|\d+[\"'“”‘’`]+")
_NOTHING = re.compile(r"[-+]?(nan|none|null|nil|na|n/a|#n/a|<na>|inf|undefined)", re.IGNORECASE)
_NEGATIVE = re.compile(r"[-−–]\d+", re.ASCII)
_FOREIGN = re.compile(r"(?=.*[^\x00-\x7f])\d+")
_SPACED = re.compile(r"(?=.*[^\x00-\x7f])[\d\s\u200b\u2060\ufeff]+")
_LETTERS = re.compile(r"[^\W\d_][\w'’.()/-]*|&")
_LARGEST_ID = 10_000_000
"""A whole number above this, in floating point, is no id of a category."""


def _most(sight: Sight, pattern: re.Pattern[str]) -> Place | None:
    """The first place whose word is of the kind, if most of them are, and on more than one line: one slip is no habit."""
    if len({place.line for place in sight.common}) < 2 and sight.refusal.fault_count < (sight.lines or 0):
        return None
    fitting = sum(pattern.fullmatch(place.word) is not None for place in sight.common)
    if not fitting or fitting < MOST * len(sight.common):
        return None
    return next(place for place in sight.places if pattern.fullmatch(place.word))


def _wnids(sight: Sight) -> Cause | None:
    place = _most(sight, _WNID)
    if place is None or sight.case.labels == "wnid":
        return None
    sentence = f"Categories are named by WNIDs ({shown(place.word)}), and ids were expected."
    return Cause("wnids", sentence, "Send the file with labels=wnid (offline: --labels wnid).")


def _pairs(sight: Sight) -> Cause | None:
    """771:0.93, or ids and scores in turn."""
    joined = _most(sight, _PAIR)
    place = joined or _most(sight, _FLOAT)
    if place is None or not (joined or _alternates(words_of(place.text))):
        return None
    sentence = f"Each guess comes with its score ({shown(place.text)})."
    return Cause("ids-with-scores", sentence, "Leave the scores out: the order of the guesses is their rank.")


def _alternates(words: list[str]) -> bool:
    """Whole numbers at the even places, others at the odd ones."""
    ids, scores = words[::2], words[1::2]
    return (
        len(ids) == len(scores) > 0 and all(map(_INTEGER.fullmatch, ids)) and not any(map(_INTEGER.fullmatch, scores))
    )


def _floats(sight: Sight) -> Cause | None:
    place = _most(sight, _FLOAT)
    if place is None or place.code == "number-too-large":
        return None
    numbers = [float(word) for each in sight.common for word in words_of(each.text) if _FLOAT.fullmatch(word)]
    if all(number.is_integer() and 0 <= number < _LARGEST_ID for number in numbers) and max(numbers) > 1:
        sentence = f"Ids are written as floating-point numbers ({shown(place.word)})."
        remedy = 'Write whole numbers: numpy.savetxt(file, ids, fmt="%d"), frame.astype(int), %d.'
        return Cause("ids-as-floats", sentence, remedy)
    if all(number.is_integer() for number in numbers):
        return None
    return _scores(place, numbers)


def _scores(place: Place, numbers: list[float]) -> Cause:
    count = len(words_of(place.text))
    each = f"{count:,} a line, the first {shown(place.word)}" if count > 1 else f"the first is {shown(place.word)}"
    what = "probabilities, as a softmax gives," if all(0 <= number <= 1 for number in numbers) else "scores (logits)"
    code = "probabilities" if all(0 <= number <= 1 for number in numbers) else "scores"
    sentence = f"The numbers are {what} and not ids of categories ({each})."
    remedy = "Write the indices of the highest scores, the best first, and send them with labels=model-zoo."
    return Cause(code, sentence, remedy)


def _separators(sight: Sight) -> Cause | None:
    place = _most(sight, _SEPARATED)
    match = _SEPARATED.fullmatch(place.word) if place else None
    if place is None or match is None:
        return None
    sentence = f"Ids are separated by {_SEPARATORS[match[1]]} ({shown(place.text)})."
    return Cause("other-separator", sentence, "Separate ids by spaces, tabs or single commas.")


def _quotes(sight: Sight) -> Cause | None:
    place = _most(sight, _QUOTED)
    if place is None:
        return None
    sentence = f"Ids stand in quotation marks ({shown(place.text)})."
    return Cause("quoted-ids", sentence, "Write the ids without them; in Python's csv: quoting=csv.QUOTE_NONE.")


def _words_for_nothing(sight: Sight) -> Cause | None:
    place = _most(sight, _NOTHING)
    if place is None:
        return None
    sentence = f"A missing guess is written as {shown(place.word)} (line {place.line:,})."
    return Cause("nan-for-nothing", sentence, _no_guess(sight))


def _negatives(sight: Sight) -> Cause | None:
    place = _most(sight, _NEGATIVE)
    if place is None:
        return None
    if all(each.word[1:] == "1" for each in sight.common):
        sentence = f"A missing guess is written as -1 (line {place.line:,}), or 1 was taken from ids that start at 0."
        remedy = f"{_no_guess(sight)} Ids that start at 0 are sent as they are, with labels=model-zoo."
        return Cause("negative-ids", sentence, remedy)
    sentence = f"Ids are negative ({shown(place.word)}, line {place.line:,}): they were reckoned with, or are scores."
    return Cause("negative-ids", sentence, f"Write the ids of categories, none below 0. {_no_guess(sight)}")


def _no_guess(sight: Sight) -> str:
    """In the numbering of model zoos 0 is a category."""
    if sight.case.labels == "model-zoo":
        return "Leave missing guesses out at the end of the line."
    return "Write 0 where there is no guess."


def _trailing_commas(sight: Sight) -> Cause | None:
    if not sight.places or {place.code for place in sight.places} != {"empty-field"}:
        return None
    if all(place.text.rstrip().endswith(",") and ",," not in place.text for place in sight.places):
        sentence = f"Lines end in a comma ({shown(sight.places[0].text)})."
        return Cause("trailing-comma", sentence, 'Put commas between ids only: ",".join(…).')
    return None


def _foreign_digits(sight: Sight) -> Cause | None:
    place = _most(sight, _FOREIGN)
    if place is None:
        return None
    wide = "the full-width " if "０" <= place.word[0] <= "９" else ""
    sentence = f"Digits are {wide}ones of another script: {int(place.word)} is written {shown(place.word)}."
    return Cause("foreign-digits", sentence, "Write the digits 0 to 9, as plain ASCII.")


def _other_spaces(sight: Sight) -> Cause | None:
    place = _most(sight, _SPACED)
    if place is None:
        return None
    sentence = f"Ids are separated by no-break or other special spaces ({shown(place.word)}), as copied from a page."
    return Cause("other-spaces", sentence, "Separate ids by plain spaces, tabs or commas.")


def _category_names(sight: Sight) -> Cause | None:
    """Words below the first line; with a definition, the id of the first name that it has."""
    place = _most(sight, _LETTERS)
    if place is None or all(each.line == 1 for each in sight.places):
        return None
    known = {name.strip().lower(): synset.id for synset in sight.case.synsets for name in synset.name.split(",")}
    named = [part.strip() for line in sight.head for part in line.split(",")]
    example = next((f"{known[name.lower()]} for {shown(name)}" for name in named if name.lower() in known), "")
    sentence = f"Categories are named by words ({shown(place.text)}), and ids were expected."
    also = f": {example}" if example else ""
    return Cause("category-names", sentence, f"Write each category's number in the challenge's list of synsets{also}.")


RULES: tuple[Callable[[Sight], Cause | None], ...] = (
    _wnids,
    _pairs,
    _floats,
    _separators,
    _quotes,
    _words_for_nothing,
    _negatives,
    _trailing_commas,
    _foreign_digits,
    _other_spaces,
    _category_names,
)

OF_NAMED_ROWS = (_pairs, _separators, _quotes, _words_for_nothing, _trailing_commas, _foreign_digits, _other_spaces)
"""Those that hold for lines with names, too, whose ids have one numbering only."""
