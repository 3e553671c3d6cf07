"""Reads annotations as COCO writes them: a JSON object of images, categories and annotations with boxes.

`json` does not say where things stand, so lists are walked object by object, and every mistake has its line.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from services.gateway.hosting.annotations import Annotations, Box, Label
from shared.challenge import PlacedFault
from shared.errors import Fault

_GAP = re.compile(r"[ \t\r\n]*")
_LISTS = ("images", "categories", "annotations")
_SHAPE = 'Write {"images": [{"id", "file_name"}], "categories": [{"id", "name"}], "annotations": [{"image_id", …}]}.'


@dataclass(frozen=True, slots=True)
class _Placed:
    """One object of a list, and the line that it starts in."""

    content: Any
    line: int


@dataclass(slots=True)
class _Reading:
    """One reading of a file."""

    path: Path
    images: dict[int, str] = field(default_factory=dict)
    categories: dict[int, str] = field(default_factory=dict)
    labels: list[Label] = field(default_factory=list)
    ignored: list[tuple[str, str]] = field(default_factory=list)
    faults: list[PlacedFault] = field(default_factory=list)

    def wrong(self, fault: Fault) -> None:
        """Note a mistake."""
        self.faults.append(PlacedFault(self.path, fault))


def looks_like_coco(head: str) -> bool:
    """Whether a text begins as a JSON object."""
    return head.lstrip("\ufeff \t\r\n").startswith("{")


def read_coco(path: Path) -> tuple[Annotations | None, list[PlacedFault]]:
    """What the annotations say, or None and all that is wrong with them.

    Ids that run from 1 without a gap stay as they are, so that COCO's results name images and categories as before.
    Others are numbered anew: images by their file names, categories by their ids. Boxes are made corners:
    xmax = x + width - 1. Crowds (`iscrowd`) become pairs that are not judged.
    """
    reading = _Reading(path)
    try:
        lists = _lists(path.read_text(encoding="utf-8-sig"))
    except json.JSONDecodeError as error:
        reading.wrong(Fault("json-invalid", f"This is no JSON: {error.msg}.", _SHAPE, error.lineno, error.colno))
        return None, reading.faults
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        reading.wrong(Fault("not-utf-8", "The file is not in UTF-8.", "Save it in UTF-8.", line, 1))
        return None, reading.faults
    for name in _LISTS:
        if not lists.get(name):
            reading.wrong(Fault("list-missing", f"There is no list `{name}`, or it is empty.", _SHAPE, None))
    _name(reading, lists.get("images", []), "file_name", reading.images)
    _name(reading, lists.get("categories", []), "name", reading.categories)
    for annotation in lists.get("annotations", []):
        _annotate(reading, annotation)
    return (None, reading.faults) if reading.faults else (_annotations(reading), [])


def _name(reading: _Reading, entries: list[_Placed], field_name: str, names: dict[int, str]) -> None:
    """Gather ids and names; both must differ."""
    lines: dict[object, int] = {}
    for entry in entries:
        content = entry.content if isinstance(entry.content, dict) else {}
        id_, name = content.get("id"), content.get(field_name)
        if type(id_) is not int or not isinstance(name, str) or not name:
            sentence = f"This has no whole `id`, or no `{field_name}`."
            reading.wrong(Fault("field-missing", sentence, f'Write {{"id": 1, "{field_name}": "…"}}.', entry.line))
            continue
        for what in (id_, name):
            if what in lines:
                sentence = f"{what!r} stood in line {lines[what]} already."
                reading.wrong(Fault("id-twice", sentence, "Give each its own.", entry.line))
            lines[what] = entry.line
        names[id_] = name


def _annotate(reading: _Reading, annotation: _Placed) -> None:
    content = annotation.content if isinstance(annotation.content, dict) else {}
    image, category = (
        reading.images.get(content.get("image_id", "")),
        reading.categories.get(content.get("category_id", "")),
    )
    who = f"annotation {content['id']}" if "id" in content else "the annotation"
    for what, found, entries in (("image_id", image, "images"), ("category_id", category, "categories")):
        if found is None:
            sentence = f"{what} of {who} is {content.get(what)!r}, which no entry of its list has."
            reading.wrong(Fault("unknown-id", sentence, f"Write the id of an entry of `{entries}`.", annotation.line))
    box = _box(reading, content, who, annotation.line)
    if image is None or category is None or box is None:
        return
    if content.get("iscrowd"):
        reading.ignored.append((image, category))
    else:
        reading.labels.append(Label(image, category, box, annotation.line))


def _box(reading: _Reading, content: Mapping[str, Any], who: str, line: int) -> Box | None:
    given = content.get("bbox")
    numbers = isinstance(given, list) and len(given) == 4 and all(type(side) in (int, float) for side in given)
    if not numbers:
        reading.wrong(Fault("box-missing", f"bbox of {who} is {given!r}.", "Write [x, y, width, height].", line))
        return None
    x, y, width, height = (float(side) for side in given or ())
    if not (width >= 1 and height >= 1):
        sentence = f"The box of {who} is {width:g} wide and {height:g} high: it holds no pixel."
        reading.wrong(Fault("box-empty", sentence, "Write [x, y, width, height], in pixels; or take it out.", line))
        return None
    return x, y, x + width - 1, y + height - 1


def _annotations(reading: _Reading) -> Annotations:
    images, remark = _ordered(reading.images, "images", by_name=True)
    categories, other = _ordered(reading.categories, "categories", by_name=False)
    remarks = [f"{reading.path}: {len(images):,} images, {len(reading.labels):,} boxes, made corners", remark, other]
    ignored = tuple(sorted(set(reading.ignored)))
    if ignored:
        remarks.append(f"{len(reading.ignored):,} crowds are not judged: pairs of image and category in `excluded`")
    labels = tuple(reading.labels)
    return Annotations(reading.path, images, categories, labels, ignored, tuple(remarks), numbered=True)


def _ordered(names: Mapping[int, str], what: str, by_name: bool) -> tuple[tuple[str, ...], str]:
    """The names in the order of their numbers here, and what became of the ids."""
    by_id = tuple(names[id_] for id_ in sorted(names))
    if sorted(names) == list(range(1, len(names) + 1)):
        return by_id, f"ids of {what} run from 1: they stay as they are"
    order = tuple(sorted(names.values())) if by_name else by_id
    return order, f"ids of {what} have gaps: numbered anew, 1 is {order[0]!r}, {len(order)} is {order[-1]!r}"


def _lists(text: str) -> dict[str, list[_Placed]]:
    """The lists of the object that `text` is, each entry with its line. Raises `JSONDecodeError`."""
    decode = json.JSONDecoder().raw_decode
    place = _after(text, 0, "{")
    found: dict[str, list[_Placed]] = {}
    while _gap(text, place) < len(text) and text[_gap(text, place)] != "}":
        name, place = decode(text, _gap(text, place))
        place = _gap(text, _after(text, place, ":"))
        if text[place : place + 1] == "[" and name in _LISTS:
            found[name], place = _entries(text, place, decode)
        else:
            _, place = decode(text, place)
        place = _gap(text, place)
        if text[place : place + 1] == ",":
            place += 1
        elif text[place : place + 1] != "}":
            raise json.JSONDecodeError("Expecting ',' or '}'", text, place)
    _after(text, place, "}")
    return found


def _entries(text: str, place: int, decode: Any) -> tuple[list[_Placed], int]:
    entries: list[_Placed] = []
    line, counted = text.count("\n", 0, place) + 1, place
    place = _gap(text, place + 1)
    while text[place : place + 1] != "]":
        line, counted = line + text.count("\n", counted, place), place
        content, place = decode(text, place)
        entries.append(_Placed(content, line))
        place = _gap(text, place)
        if text[place : place + 1] == ",":
            place = _gap(text, place + 1)
        elif text[place : place + 1] != "]":
            raise json.JSONDecodeError("Expecting ',' or ']'", text, place)
    return entries, place + 1


def _gap(text: str, place: int) -> int:
    found = _GAP.match(text, place)
    return found.end() if found else place


def _after(text: str, place: int, sign: str) -> int:
    place = _gap(text, place)
    if text[place : place + 1] != sign:
        raise json.JSONDecodeError(f"Expecting {sign!r}", text, place)
    return place + 1
