"""Writes annotations in the grammar that a task reads its truth in. Pure.

Images and categories are numbered from 1 in the order that the annotations have them in; scenes are numbered from 0.
"""

from collections.abc import Callable, Mapping, Sequence

from services.gateway.hosting.annotations import Annotations, Box, Label
from shared.bundles import TRUTH

Numbers = Mapping[str, int]

Parts = dict[str, str]
"""The texts of a truth by part; `truth` is the first."""

Writer = Callable[[Annotations, Numbers, Numbers], Parts]


def write(kind: str, annotations: Annotations, categories: Sequence[str]) -> Parts:
    """The truth of a task of `kind`, one of WRITERS, with `categories` in the order of their ids."""
    images = {name: number for number, name in enumerate(annotations.images, start=1)}
    return WRITERS[kind](annotations, images, {name: number for number, name in enumerate(categories, start=1)})


def _classification(annotations: Annotations, images: Numbers, categories: Numbers) -> Parts:
    """One id a line, in the order of the images."""
    labels = {label.image: categories[label.category] for label in annotations.labels}
    return {TRUTH: "".join(f"{labels[image]}\n" for image in images)}


def _scenes(annotations: Annotations, images: Numbers, categories: Numbers) -> Parts:
    """The image's name and an id from 0."""
    labels = {label.image: categories[label.category] - 1 for label in annotations.labels}
    return {TRUTH: "".join(f"{image} {labels[image]}\n" for image in images)}


def _localization(annotations: Annotations, images: Numbers, categories: Numbers) -> Parts:
    """All objects of an image in its line."""
    lines: dict[str, list[str]] = {image: [] for image in images}
    for label in annotations.labels:
        lines[label.image].append(f"{categories[label.category]} {_sides(label)}")
    return {TRUTH: "".join(" ".join(objects or ["0"]) + "\n" for objects in lines.values())}


def _detection(annotations: Annotations, images: Numbers, categories: Numbers) -> Parts:
    """A line for each box; what is not judged is the part `excluded`."""
    parts = {TRUTH: "".join(_row(label, images, categories) for label in annotations.labels)}
    if annotations.ignored:
        pairs = ((images[image], categories[category]) for image, category in annotations.ignored)
        parts["excluded"] = "\n".join(f"{image} {category}" for image, category in pairs)
    return parts


def _row(label: Label, images: Numbers, categories: Numbers) -> str:
    return f"{images[label.image]} {categories[label.category]} 1 {_sides(label)}\n"


def _sides(label: Label) -> str:
    box: Box = label.box or (0, 0, 0, 0)
    return " ".join(f"{side:.10g}" for side in box)


WRITERS: Mapping[str, Writer] = {
    "classification": _classification,
    "scene-classification": _scenes,
    "localization": _localization,
    "detection": _detection,
}
"""The tasks whose truth can be made of a table or of COCO's annotations."""

WITH_BOXES = ("localization", "detection")
