"""Typical mistakes with the files of every task but classification, made from what would be a good file of twelve lines."""

import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from PIL import Image

from services.scorer.formats.mask_examples import png, zipped

IMAGES, CATEGORIES = 12, 5

Row = list[str]


@dataclass(frozen=True, slots=True)
class TaskMistake:
    """`sent` in words; `code` of the refusal, or, where it is `accepted`, of the note. `line` of the first fault or note."""

    kind: str
    sent: str
    data: bytes
    code: str
    line: int | None = 1
    accepted: bool = False
    remedy: str = ""


def _lines(rows: list[Row], separator: str = " ") -> bytes:
    return "".join(separator.join(row) + "\n" for row in rows).encode()


def _box(track: str, image: int) -> Row:
    """A box of 40 × 30 far from the corner, so that its width and height are less than its place."""
    return [str(image), str(image % CATEGORIES + 1), *track.split(), f"0.{image:02d}5", "100.5", "90", "139.5", "119"]


def _rows(track: str) -> list[Row]:
    return [_box(track, image) for image in range(1, IMAGES + 1)]


def _changed(track: str, change: Callable[[Row], Row]) -> bytes:
    return _lines([change(row) for row in _rows(track)])


def _scaled(row: Row) -> Row:
    return [*row[:-4], *(f"{float(side) / 500:.4f}" for side in row[-4:])]


def _of_boxes(kind: str, image: str, track: str) -> list[TaskMistake]:
    """Those of every task whose lines are one box each."""
    mistake, changed = partial(TaskMistake, kind), partial(_changed, track)
    rows, first = _rows(track), len(_rows(track)[0])
    names = [[f"ILSVRC_val_{int(row[0]):08d}.JPEG", *row[1:]] for row in rows]
    heading = ",".join([image, "category", *["track"] * (first - 7), "score", "x1", "y1", "x2", "y2"])
    results = [{"image": 1, "label": "dog", "box": [1, 2, 3, 4], "confidence": 0.5}]
    return [
        mistake("a heading", heading.encode() + b"\n" + _lines(rows, ","), "heading", remedy="heading out"),
        mistake("names in place of indices", _lines(names), "image-names", remedy="index"),
        mistake("semicolons", _lines(rows, ";"), "other-separator", remedy="spaces"),
        mistake("confidences left out", changed(lambda row: [*row[:-5], *row[-4:]]), "scores-missing"),
        mistake(
            "the confidence in place of the category",
            changed(lambda row: [row[0], row[-5], *row[2:-5], row[1], *row[-4:]]),
            "swapped-columns",
        ),
        mistake(
            "indices from 0",
            changed(lambda row: [str((int(row[0]) - 1) // 2), *row[1:]]),
            "zero-based-indices",
            remedy="Add 1",
        ),
        mistake(
            "ids of categories from 0",
            changed(lambda row: [row[0], str(int(row[1]) - 1), *row[2:]]),
            "zero-based-ids",
            line=5,
            remedy="Add 1",
        ),
        mistake("boxes between 0 and 1", changed(_scaled), "looks-like-fractions", accepted=True),
        mistake(
            "x, y, width, height",
            changed(lambda row: [*row[:-2], "40", "30"]),
            "looks-like-width-height",
            accepted=True,
        ),
        mistake(
            "the confidence behind the box",
            changed(lambda row: [*row[:-5], *row[-4:], row[-5]]),
            "looks-like-score-last",
            accepted=True,
        ),
        _beyond_the_list(kind, _lines([*rows, _box(track, IMAGES + 1)])),
        mistake("a confidence that is no number", changed(lambda row: [*row[:-5], "nan", *row[-4:]]), "not-finite"),
        mistake("JSON of another tool", json.dumps({"boxes": results}).encode(), "unknown-field"),
        mistake("UTF-16, as PowerShell writes", _lines(rows).decode().encode("utf-16"), "utf-16", line=None),
    ]


def _beyond_the_list(kind: str, data: bytes) -> TaskMistake:
    """Where the kit drops such rows, as in tracking, they are left out with a note."""
    mistake = partial(TaskMistake, kind, "an image beyond the list", data)
    if kind == "video-tracking":
        return mistake("frames-beyond-list", line=13, accepted=True)
    return mistake("unknown-image" if kind == "detection" else "unknown-frame", line=13)


def _of_detection() -> list[TaskMistake]:
    mistake = partial(TaskMistake, "detection")
    with_track = _changed("", lambda row: [*row[:2], "-1", *row[2:]])
    other = [{"image": 1, "label": "dog", "box": [1, 2, 3, 4], "confidence": 0.5}]
    annotations: dict[str, list[str]] = {"images": [], "annotations": [], "categories": []}
    return [
        mistake("a column of tracks", with_track, "track-column", remedy="Leave it out"),
        mistake("results of another tool", json.dumps(other).encode(), "wrong-fields"),
        mistake("COCO's annotations in place of its results", json.dumps(annotations).encode(), "unknown-field"),
    ]


def _of_video_detection() -> list[TaskMistake]:
    mistake = partial(TaskMistake, "video-detection")
    coco = json.dumps([{"image_id": 1, "category_id": 1, "score": 0.5, "bbox": [1, 2, 3, 4]}]).encode()
    return [
        mistake("no column of tracks", _changed("", list), "no-track-column", remedy="-1"),
        mistake("tracks", _changed("7", list), "unexpected-track", remedy="-1"),
        mistake("COCO's results", coco, "json-unexpected"),
    ]


def _of_tracking() -> list[TaskMistake]:
    mistake = partial(TaskMistake, "video-tracking")
    return [
        mistake("no column of tracks", _changed("", list), "no-track-column"),
        mistake("-1 for every track", _changed("-1", list), "no-track", remedy="number"),
        mistake("two categories in one track", _changed("7", list), "mixed-track", line=2, remedy="one category"),
    ]


def _guesses(image: int) -> Row:
    return [str(image % CATEGORIES + 1), "100.5", "90", "139.5", "119", "2", "5", "6", "70", "80"]


def _of_localization() -> list[TaskMistake]:
    mistake = partial(TaskMistake, "localization")
    rows = [_guesses(image) for image in range(1, IMAGES + 1)]

    def changed(change: Callable[[Row], Row]) -> bytes:
        return _lines([change(row) for row in rows])

    return [
        mistake("labels without boxes", changed(lambda row: [row[0], row[5]]), "incomplete-box", remedy="xmin"),
        mistake("one side too few", changed(lambda row: row[:9]), "incomplete-box"),
        mistake("one line too few", _lines(rows[:-1]), "one-line-missing", line=11),
        mistake("every line twice", _lines(rows) * 2, "everything-twice", line=13),
        mistake("a decimal label", changed(lambda row: ["1.0", *row[1:]]), "not-a-whole-number"),
        mistake("labels behind boxes", changed(lambda row: [*row[1:5], row[0]]), "not-a-whole-number"),
        mistake("negative labels", changed(lambda row: ["-1", *row[1:]]), "negative-number"),
        mistake("names of images", _lines([["a.JPEG", *row] for row in rows]), "not-a-number"),
        mistake(
            "boxes between 0 and 1",
            changed(lambda row: ["1", "0.1", "0.2", "0.5", "0.75"]),
            "looks-like-fractions",
            accepted=True,
        ),
        mistake("x, y, width, height", changed(lambda row: [*row[:3], "40", "30"]), "inverted-boxes", accepted=True),
        mistake("labels above the list", changed(lambda row: ["9", *row[1:]]), "unknown-categories", accepted=True),
    ]


def _of_scene_classification() -> list[TaskMistake]:
    mistake = partial(TaskMistake, "scene-classification")
    rows = [[f"val/{image:02d}.jpg", str(image % CATEGORIES), "1", "4"] for image in range(1, IMAGES + 1)]

    def changed(change: Callable[[Row], Row]) -> bytes:
        return _lines([change(row) for row in rows])

    return [
        mistake("ids without names", changed(lambda row: row[1:]), "names-missing", remedy="name"),
        mistake("names last", changed(lambda row: [*row[1:], row[0]]), "image-names-last"),
        mistake("a heading", b"image,label\n" + _lines(rows, ","), "heading"),
        mistake("semicolons", _lines(rows, ";"), "other-separator"),
        mistake("names without their folder", changed(lambda row: [row[0][4:], *row[1:]]), "unknown-image"),
        mistake("an image twice", _lines([*rows, rows[0]]), "duplicate-image", line=13),
        mistake("an image left out", _lines(rows[:-1]), "missing-image", line=None),
        mistake("negative ids", changed(lambda row: [row[0], "-1"]), "negative-number"),
        mistake("ids with scores", changed(lambda row: [row[0], "3:0.25", "4:0.125"]), "ids-with-scores"),
        mistake(
            "ids from 1",
            changed(lambda row: [row[0], str(int(row[1]) + 1), "2", "5"]),
            "looks-one-based",
            line=None,
            accepted=True,
        ),
    ]


def _gif() -> bytes:
    file = io.BytesIO()
    Image.fromarray(np.ones((2, 3), np.uint8)).save(file, "gif")
    return file.getvalue()


def _of_scene_parsing() -> list[TaskMistake]:
    """Masks of 2 × 3 pixels; faults are about a mask and not a line."""
    mistake = partial(TaskMistake, "scene-parsing", line=None)
    names = [f"scene_{image:04d}.png" for image in range(1, IMAGES + 1)]
    good = np.array([[1, 2, 3], [4, 5, 5]], np.uint8)

    def packed(content: bytes) -> bytes:
        return zipped(*((name, content) for name in names))

    return [
        mistake("masks in colour", packed(png(good, "RGB")), "mask-colour", remedy="gray"),
        mistake("masks of another size", packed(png(np.repeat(good, 2, 0))), "mask-size"),
        mistake("width and height swapped", packed(png(good.T.copy())), "mask-size"),
        mistake("GIFs called PNG", packed(_gif()), "not-a-png"),
        mistake("values above the list", packed(png(good * np.uint8(40))), "value-too-high"),
        mistake("names of other images", zipped(*((f"a{name}", png(good)) for name in names)), "unknown-image"),
        mistake("a mask left out", zipped(*((name, png(good)) for name in names[1:])), "missing-image"),
        mistake("one mask in two folders", packed_twice(names, png(good)), "duplicate-image"),
        mistake("one PNG in place of a zip", png(good), "not-a-zip"),
        mistake("text in place of a zip", b"1 2 3\n", "not-a-zip"),
        mistake("black masks", packed(png(np.zeros_like(good))), "same-value-everywhere", accepted=True),
    ]


def packed_twice(names: list[str], content: bytes) -> bytes:
    """The first mask in a second folder, too."""
    return zipped(*((f"a/{name}", content) for name in names), (f"b/{names[0]}", content))


MISTAKES = (
    *_of_boxes("detection", "image", ""),
    *_of_detection(),
    *_of_boxes("video-detection", "frame", "-1"),
    *_of_video_detection(),
    *_of_boxes("video-tracking", "frame", "7"),
    *_of_tracking(),
    *_of_localization(),
    *_of_scene_classification(),
    *_of_scene_parsing(),
)

MASK = png(np.array([[1, 2, 3], [4, 5, 5]], np.uint8))

GOOD: dict[str, bytes] = {
    "detection": _lines(_rows("")),
    "video-detection": _lines(_rows("-1")),
    "video-tracking": _lines([[*row[:2], row[0], *row[3:]] for row in _rows("7")]),
    "localization": _lines(
        [[*_guesses(image), *_guesses(image), *_guesses(image)[:5]] for image in range(1, IMAGES + 1)]
    ),
    "scene-classification": _lines(
        [[f"val/{image:02d}.jpg", *("01234" if image % 2 else "10234")] for image in range(1, IMAGES + 1)]
    ),
    "scene-parsing": zipped(*((f"scene_{image:04d}.png", MASK) for image in range(1, IMAGES + 1))),
}
"""A file without a mistake, of each task."""

PATTERNS = {"scene-classification": "val/{:02d}", "scene-parsing": "scene_{:04d}"}
