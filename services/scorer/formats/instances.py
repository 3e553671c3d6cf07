"""Reads the truth of localization: every object of every image, which labels count, which images are excluded.

The truth's first part has the grammar of a submission, with all objects of an image in its line. Parts besides:
`labels`, where not every object's label counts (the kits' own lists), and `excluded`, numbers of images.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.scorer.formats.blocks import Readable
from services.scorer.formats.bundle import open_bundle
from services.scorer.formats.excluded import read_images
from services.scorer.formats.located import GRAMMAR, GROUP, refuse_incomplete
from services.scorer.formats.rows import read_rows
from services.scorer.formats.table import Decimals, read_lines
from shared.bundles import TRUTH
from shared.errors import SHOWN_FAULTS, Fault, Unreadable

LABELS, EXCLUDED = "labels", "excluded"
"""The parts that a truth may have besides."""

Labels = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Instances:
    """The truth of each image.

    labels: (images, n) those that count, padded with 0. The objects of image i are `starts[i]` to
    `starts[i + 1]` of `instance_labels`, (objects,), and `boxes`, (4, objects). excluded: (images,); `judged` is what the
    mean of the others divides by. boxless: (images,) which have a label that counts, and no object of it.
    """

    labels: Labels
    starts: NDArray[np.int64]
    instance_labels: Labels
    boxes: Decimals
    excluded: NDArray[np.bool_]
    judged: int
    boxless: NDArray[np.bool_]


def read_instances(truth: Readable, images: int | None, categories: int | None) -> Instances:
    """Read the truth. Raises `Unreadable`, also for labels that are no categories, and images without one."""
    parts = open_bundle(truth, (LABELS, EXCLUDED))
    lines = read_lines(parts[TRUTH], GRAMMAR, images)
    refuse_incomplete(lines)
    starts = lines.starts()
    groups = lines.values[: starts[-1]]
    alone = np.repeat(lines.lengths == 1, lines.lengths)
    groups = groups[~alone].reshape(-1, GROUP)
    starts = np.append(0, np.cumsum(lines.lengths // GROUP, dtype=np.int64))
    instance_labels = groups[:, 0].astype(np.int32)
    image = np.repeat(np.arange(len(lines.lengths)), lines.lengths // GROUP)
    own = _distinct(image, instance_labels, len(lines.lengths))
    labels = _read_labels(parts[LABELS], len(own)) if LABELS in parts else own
    _refuse_labels(labels, instance_labels, image, categories)
    boxes = np.ascontiguousarray(groups[:, 1:].T)
    inverted = np.zeros(len(labels), np.bool_)
    inverted[image[(boxes[2] < boxes[0]) | (boxes[3] < boxes[1])]] = True
    _refuse_images(inverted, "inverted-box", "has a box that ends before it starts", "Mend its corners.")
    excluded, listed = _excluded(parts, len(labels))
    return Instances(labels, starts, instance_labels, boxes, excluded, len(labels) - listed, _boxless(labels, own))


def _distinct(image: NDArray[np.intp], labels: Labels, images: int) -> Labels:
    """(images, n): the labels of each image's objects, each once, ascending."""
    pairs = np.unique(image.astype(np.int64) << 32 | labels)
    image, counts = pairs >> 32, np.bincount(pairs >> 32, minlength=images)
    place = np.arange(len(pairs)) - np.repeat(np.cumsum(counts) - counts, counts)
    distinct = np.zeros((images, counts.max(initial=1)), np.int32)
    distinct[image, place] = pairs & (1 << 32) - 1
    return distinct


def _read_labels(part: Readable, images: int) -> Labels:
    """The labels that count, as a part of their own says."""
    return np.ascontiguousarray(read_rows(part, lines=images).numbers, np.int32)


def _boxless(labels: Labels, own: Labels) -> NDArray[np.bool_]:
    """Which images have a label without an object: the official code crashes when a guess has it."""
    if labels is own:
        return np.zeros(len(labels), np.bool_)
    has_object = (labels[:, :, None] == own[:, None, :]).any(axis=2)
    boxless: NDArray[np.bool_] = ~(has_object | (labels == 0)).all(axis=1)
    return boxless


def _refuse_labels(labels: Labels, instance_labels: Labels, image: NDArray[np.intp], categories: int | None) -> None:
    none: NDArray[np.bool_] = np.all(labels == 0, axis=1)
    none[image[instance_labels == 0]] = True
    _refuse_images(none, "no-label", "has no label, or the label 0", "Write a label and a box, not only 0.")
    if categories:
        above: NDArray[np.bool_] = np.any(labels > categories, axis=1)
        above[image[instance_labels > categories]] = True
        what = f"has a label above {categories:,}, the number of categories"
        _refuse_images(above, "unknown-label", what, "Write labels of the challenge's categories.")


def _excluded(parts: Mapping[str, Readable], images: int) -> tuple[NDArray[np.bool_], int]:
    """(images,) whether each is excluded; and how many lines say so.

    The official mean is over all images less these lines, whether twice or beyond the list (eval_clsloc.m:149).
    """
    excluded = np.zeros(images, np.bool_)
    if EXCLUDED not in parts:
        return excluded, 0
    listed = read_images(parts[EXCLUDED], None)
    excluded[listed[listed <= images] - 1] = True
    return excluded, len(listed)


def _refuse_images(wrong: NDArray[np.bool_], code: str, what: str, remedy: str) -> None:
    """Raise `Unreadable` if there are any images of which `what` is true."""
    images = np.flatnonzero(wrong)
    if len(images):
        faults = tuple(Fault(code, f"The image {what}.", remedy, int(i) + 1, 1) for i in images[:SHOWN_FAULTS])
        raise Unreadable(code, f"The image of line {images[0] + 1:,} {what}.", remedy, faults, len(images))
