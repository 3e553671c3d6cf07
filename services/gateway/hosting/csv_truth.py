"""Reads an organiser's table, `image,label` with a heading, perhaps with a box in each row; label names may be words.

Every mistake is told by line and column, all of them at once.
"""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from pathlib import Path

from services.gateway.hosting.annotations import Annotations, Box, Label, in_order
from shared.challenge import PlacedFault
from shared.errors import Fault

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "image": (
        "image",
        "filename",
        "file_name",
        "file",
        "image_id",
        "imageid",
        "image_name",
        "img",
        "path",
        "name",
        "id",
    ),
    "label": ("label", "class", "category", "label_name", "class_name", "category_name", "target", "breed", "species"),
    "xmin": ("xmin", "x1", "x_min", "left"),
    "ymin": ("ymin", "y1", "y_min", "top"),
    "xmax": ("xmax", "x2", "x_max", "right"),
    "ymax": ("ymax", "y2", "y_max", "bottom"),
}
"""How columns are usually called, whatever the case."""

SIDES = ("xmin", "ymin", "xmax", "ymax")
_DELIMITERS = ",;\t"


@dataclass(slots=True)
class _Reading:
    """One reading of a file: which column has what, and what was found so far."""

    path: Path
    lines: list[str]
    places: dict[str, int] = field(default_factory=dict)
    labels: list[Label] = field(default_factory=list)
    faults: list[PlacedFault] = field(default_factory=list)

    def wrong(self, fault: Fault, cell: str = "") -> None:
        """Note a mistake; its column is where `cell` stands in the line."""
        line = fault.line or 1
        text = self.lines[line - 1] if line <= len(self.lines) else ""
        column = max(text.find(cell), 0) + 1
        self.faults.append(PlacedFault(self.path, replace(fault, column=column)))


def looks_like_csv(head: str) -> bool:
    """Whether a text begins with a heading: words with commas, semicolons or tabs between."""
    first = head.lstrip("\ufeff").split("\n", 1)[0]
    cells = [cell.strip().lower() for cell in first.replace(";", ",").replace("\t", ",").split(",")]
    return len(cells) > 1 and not any(cell.replace(".", "", 1).lstrip("-").isdigit() for cell in cells)


def read_csv(
    path: Path, with_boxes: bool, categories: Sequence[str] = (), columns: Sequence[str] = ()
) -> tuple[Annotations | None, list[PlacedFault]]:
    """What the table says, or None and all that is wrong with it.

    `categories` are all that a label may be, in order (if none are given: those that occur, in alphabetical order);
    `columns` are the names of the image's and the label's column, where they are unusual.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        fault = Fault("not-utf-8", "The file is not in UTF-8.", "Save it as CSV UTF-8.", line, 1)
        return None, [PlacedFault(path, fault)]
    reading = _Reading(path, text.splitlines())
    rows = csv.reader(reading.lines, delimiter=_delimiter(reading.lines))
    if _find_columns(reading, next(rows, []), with_boxes, columns):
        for cells in rows:
            if any(cell.strip() for cell in cells):
                _read_row(reading, cells, rows.line_num, with_boxes)
        _judge(reading, categories, with_boxes)
    faults = sorted(reading.faults, key=lambda placed: placed.fault.line or 0)
    return (None, faults) if faults else (_annotations(reading, categories), [])


def _delimiter(lines: Sequence[str]) -> str:
    heading = lines[0] if lines else ""
    return max(_DELIMITERS, key=heading.count)


def _find_columns(reading: _Reading, heading: Sequence[str], with_boxes: bool, columns: Sequence[str]) -> bool:
    """Find the columns that are needed; whether all are there."""
    names = [cell.strip().lower() for cell in heading]
    wanted = ("image", "label", *(SIDES if with_boxes else ()))
    for what in wanted:
        given = dict(zip(("image", "label"), columns, strict=False)).get(what)
        known = (given.lower(),) if given else COLUMNS[what]
        place = next((names.index(each) for each in known if each in names), None)
        if place is None:
            shown = ", ".join(known[:5])
            sentence = f"The heading has no column for the {what}: it has {', '.join(heading) or 'nothing'}."
            remedy = f"Call one of the columns {shown}" + ("." if with_boxes else ", or say --columns IMAGE,LABEL.")
            reading.wrong(Fault("column-missing", sentence, remedy, 1))
        else:
            reading.places[what] = place
    return not reading.faults


def _read_row(reading: _Reading, cells: Sequence[str], line: int, with_boxes: bool) -> None:
    if max(reading.places.values()) >= len(cells):
        sentence = f"The row has {len(cells)} cells; the heading names {max(reading.places.values()) + 1} or more."
        reading.wrong(
            Fault("row-short", sentence, "Write a cell for each column, in quotes where it holds a comma.", line)
        )
        return
    image, label = (cells[reading.places[what]].strip() for what in ("image", "label"))
    if not image:
        reading.wrong(Fault("image-empty", "The row names no image.", "Write the image's file name.", line))
    if not label:
        reading.wrong(
            Fault("label-empty", f"The image {image} has no label.", "Write its label, or take the row out.", line)
        )
    box = _box(reading, cells, line) if with_boxes else None
    if image and label and (box or not with_boxes):
        reading.labels.append(Label(image, label, box, line))


def _box(reading: _Reading, cells: Sequence[str], line: int) -> Box | None:
    sides = []
    for what in SIDES:
        cell = cells[reading.places[what]].strip()
        try:
            sides.append(float(cell))
        except ValueError:
            reading.wrong(
                Fault("not-a-number", f"{what} is {cell!r}.", "Write a number, with a decimal point.", line), cell
            )
    if len(sides) < len(SIDES):
        return None
    xmin, ymin, xmax, ymax = sides
    if not (xmin <= xmax and ymin <= ymax):
        sentence = f"The box ends before it starts: {xmin:g} {ymin:g} {xmax:g} {ymax:g}."
        reading.wrong(
            Fault("inverted-box", sentence, "Write corners, not width and height: xmin ≤ xmax, ymin ≤ ymax.", line)
        )
        return None
    return xmin, ymin, xmax, ymax


def _judge(reading: _Reading, categories: Sequence[str], with_boxes: bool) -> None:
    """What rows mean together."""
    if not reading.labels and not reading.faults:
        reading.wrong(Fault("no-rows", "The table has no rows.", "Write a row for each image.", 1))
    if not with_boxes:
        _judge_images(reading)
    seen: dict[str, Label] = {}
    for label in reading.labels:
        if categories and label.category not in categories:
            close = get_close_matches(label.category, categories, 1)
            remedy = f"Perhaps {close[0]!r} was meant." if close else "Write one of the categories' names."
            sentence = f"{label.category!r} is none of the {len(categories)} categories."
            reading.wrong(Fault("unknown-label", sentence, remedy, label.line), label.category)
            continue
        first = seen.setdefault(" ".join(label.category.casefold().replace("_", " ").split()), label)
        if first.category != label.category:
            sentence = f"{label.category!r} and {first.category!r} (line {first.line}) differ only in spelling."
            reading.wrong(
                Fault("label-twice", sentence, "Spell a category alike everywhere.", label.line), label.category
            )


def _judge_images(reading: _Reading) -> None:
    first: dict[str, Label] = {}
    for label in reading.labels:
        before = first.setdefault(label.image, label)
        if before is not label:
            sentence = f"The image {label.image} stood in line {before.line} already."
            reading.wrong(Fault("duplicate-image", sentence, "Write one row for each image.", label.line), label.image)


def _annotations(reading: _Reading, categories: Sequence[str]) -> Annotations:
    order = tuple(categories) or in_order({label.category for label in reading.labels})
    images = tuple(sorted({label.image for label in reading.labels}))
    remarks = (
        f"{reading.path}: {len(reading.labels):,} rows, {len(images):,} images",
        "images are numbered from 1 in the alphabetical order of their names",
    )
    return Annotations(reading.path, images, order, tuple(reading.labels), (), remarks)
