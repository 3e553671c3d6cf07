"""The challenges of the run, their generated truths, and submissions to them whose scores are known by their making.

`faults` has every kind of task and stays as it is; of `revised`, which is small, version after version is published.
"""

import json
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

NAME, REVISED = "faults", "revised"
IMAGES, CATEGORIES = 40, 20
OBJECTS, KINDS = 8, 5
"""Of detection: so many objects of each of so many categories."""

TRUE_BOX, FAR_BOX = (10, 10, 59, 59), (200, 200, 249, 249)
PLACES, WINDOW_SECONDS = 10, 60
"""Of the limited pool: few enough that teams run out of it now and then, and soon have it back."""

TASKS = ("classification", "localization", "detection")
HEADLINES = {
    "classification": "top_1_error",
    "localization": "localization_error",
    "detection": "mean_average_precision",
}
TASKS_OF = {NAME: TASKS, REVISED: ("classification",)}
TEST, VALIDATION = "test", "validation"

_HEAD = """
name = "{name}"
version = {version}
title = "{name}"
year = 2026
description = "For the fault run, as of version {version}."
"""
_TASK = """
[tasks.{task}]
kind = "{task}"
title = "{task}"
headline = "{headline}"
categories = {categories}
max_bytes = 1_000_000
protocol = {{ confidence = "proven", source = "the fault run" }}
"""
_SPLIT = """
[tasks.{task}.splits.{split}]
title = "{split}"
images = {images}
held_out = {held_out}
limits = {{ pool = "{pool}", places = {places}, window_seconds = {window}, forgiven_per_day = 1000 }}
"""


@dataclass(frozen=True, slots=True)
class File:
    """Predictions for one task, as text and as JSON, with the outcome and the headline metric that they must get."""

    task: str
    text: bytes
    inline: bytes | None
    outcome: str
    score: float | None


def pool(challenge: str, split: str) -> str:
    """The pool that its places are of."""
    return f"{challenge}-{split}"


def write(folder: Path, name: str = NAME, version: int = 1, spelling: int = 0) -> list[str]:
    """Write a version of a challenge into `folder`; returns what `publish` is told of its truths.

    Another `spelling` of the truths says the same in other bytes, which no scorer has yet.
    """
    definition = _HEAD.format(name=name, version=version)
    for task in TASKS_OF[name]:
        categories = KINDS if task == "detection" else CATEGORIES
        definition += _TASK.format(task=task, headline=HEADLINES[task], categories=categories)
        definition += _split(name, task, TEST, PLACES, WINDOW_SECONDS)
        definition += _split(name, task, VALIDATION, 100_000, 3600)
        # Spaces at the end of a line mean nothing.
        (folder / f"{task}.txt").write_bytes(_truth(task).replace(b"\n", b" " * spelling + b"\n", 1))
    (folder / "challenge.toml").write_text(definition)
    return [f"{task}/{split}={folder / task}.txt" for task in TASKS_OF[name] for split in (TEST, VALIDATION)]


def some_file(draw: random.Random, challenge: str = NAME) -> File:
    """For any task, mostly good; one in twelve is broken, to be rejected."""
    task = draw.choice(TASKS_OF[challenge])
    if draw.random() < 1 / 12:
        return File(task, b"%d\nbroken\n" % draw.getrandbits(62), None, "rejected", None)
    return good_file(draw, task)


def good_file(draw: random.Random, task: str) -> File:
    """One that is scored."""
    return {"classification": _classification, "localization": _localization, "detection": _detection}[task](draw)


def label(image: int) -> int:
    """The true category of an image, which counts from 0 here."""
    return image * 7 % CATEGORIES + 1


def _split(name: str, task: str, split: str, places: int, window: int) -> str:
    return _SPLIT.format(
        task=task,
        split=split,
        images=IMAGES,
        held_out=str(split == TEST).lower(),
        pool=pool(name, split),
        places=places,
        window=window,
    )


def _truth(task: str) -> bytes:
    if task == "classification":
        return b"".join(b"%d\n" % label(image) for image in range(IMAGES))
    box = " ".join(map(str, TRUE_BOX))
    if task == "localization":
        return "".join(f"{label(image)} {box}\n" for image in range(IMAGES)).encode()
    # The columns of predictions: image, category, confidence, box.
    return "".join(f"{image + 1} {kind} 1 {box}\n" for kind, image in _objects()).encode()


def _objects() -> list[tuple[int, int]]:
    return [(kind, (kind * OBJECTS + number) % IMAGES) for kind in range(1, KINDS + 1) for number in range(OBJECTS)]


def _wrong_images(draw: random.Random) -> set[int]:
    """Fewer than half: a held-out file at chance level would be forgiven."""
    return set(draw.sample(range(IMAGES), draw.randint(0, IMAGES // 3)))


def _other_label(image: int, draw: random.Random) -> int:
    return (label(image) + draw.randint(0, CATEGORIES - 2)) % CATEGORIES + 1


def _classification(draw: random.Random) -> File:
    """Each image is right or wrong at the first guess; the second is wrong always, and makes the file one of a kind."""
    wrong = _wrong_images(draw)
    rows = [
        [_other_label(image, draw) if image in wrong else label(image), _other_label(image, draw)]
        for image in range(IMAGES)
    ]
    return _file("classification", rows, rows, len(wrong) / IMAGES)


def _localization(draw: random.Random) -> File:
    """A wrong image has the right label at the wrong place, or a wrong label at the right place."""
    wrong = _wrong_images(draw)
    rows = []
    for image in range(IMAGES):
        if image not in wrong:
            rows.append([label(image), *_near_box(draw)])
        elif draw.random() < 0.5:
            rows.append([label(image), *FAR_BOX])
        else:
            rows.append([_other_label(image, draw), *TRUE_BOX])
    return _file("localization", rows, [[row] for row in rows], len(wrong) / IMAGES)


def _near_box(draw: random.Random) -> tuple[int, ...]:
    """The true box within two pixels, which overlaps it by more than 0.8 and makes the file one of a kind."""
    return tuple(side + draw.randint(-2, 2) for side in TRUE_BOX)


def _detection(draw: random.Random) -> File:
    """Without a false alarm the average precision is the share of objects that are found. With so many digits, most
    of these files have more than one part when they are uploaded in parts.
    """
    found = [
        one for one in _objects() if draw.random() < 0.8
    ] or _objects()  # fmt: skip
    rows = [[image + 1, kind, round(draw.random(), 15), *TRUE_BOX] for kind, image in found]
    shares = [sum(kind == one for one, _ in found) / OBJECTS for kind in range(1, KINDS + 1)]
    return _file("detection", rows, rows, sum(shares) / KINDS)


def _file(task: str, rows: list[list[Any]], inline: list[Any], score: float) -> File:
    text = "".join(" ".join(map(str, row)) + "\n" for row in rows).encode()
    return File(task, text, json.dumps({"predictions": inline}).encode(), "scored", score)
