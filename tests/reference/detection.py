"""Detection as the official routine reads, object by object in plain lists: slow and obvious.

Boxes are (xmin, ymin, xmax, ymax); objects and detections are lists, one for each image, as in the file.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass

Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Thing:
    """An object; or a detection, with its confidence."""

    image: int
    category: int
    box: Box
    confidence: float = 1.0


Pair = tuple[int, int]


def overlap(one: Box, other: Box) -> float | None:
    """Intersection over union in inclusive pixels; None where they do not meet."""
    width = min(one[2], other[2]) - max(one[0], other[0]) + 1
    height = min(one[3], other[3]) - max(one[1], other[1]) + 1
    if width <= 0 or height <= 0:
        return None
    areas = [(box[2] - box[0] + 1) * (box[3] - box[1] + 1) for box in (one, other)]
    union = areas[0] + areas[1] - width * height
    return width * height / union if union else None


def threshold(box: Box) -> float:
    """What an object asks for."""
    width, height = box[2] - box[0] + 1, box[3] - box[1] + 1
    return min(0.5, width * height / ((width + 10) * (height + 10)))


def outcomes(category: int, objects: Sequence[Thing], found: Sequence[Thing], excluded: set[Pair]) -> list[bool | None]:
    """Of a category's detections as they rank: whether each is right, None where it is not judged."""
    ranked: list[tuple[float, bool | None]] = []
    for image in sorted({thing.image for thing in found}):
        here = [thing for thing in found if thing.image == image and thing.category == category]
        here.sort(key=lambda thing: -thing.confidence)
        free = [thing for thing in objects if thing.image == image and thing.category == category]
        for thing in here:
            if (image, category) in excluded:
                ranked.append((thing.confidence, None))
                continue
            best = None
            for candidate in free:
                ratio = overlap(thing.box, candidate.box)
                if ratio is not None and ratio >= threshold(candidate.box) and (best is None or ratio > best[0]):
                    best = ratio, candidate
            if best:
                free = [thing for thing in free if thing is not best[1]]
            ranked.append((thing.confidence, best is not None))
    ranked.sort(key=lambda pair: -pair[0])
    return [right for _, right in ranked]


def average_precision(rights: Sequence[bool | None], positives: int) -> float | None:
    """VOCap.m: sentinels at both ends, precision made to fall from the right, areas under the steps of recall."""
    if not rights:
        return 0.0
    if not positives:
        return None
    hits = misses = 0
    recall, precision = [0.0], [0.0]
    for right in rights:
        hits += right is True
        misses += right is False
        recall.append(hits / positives)
        precision.append(hits / (hits + misses) if hits + misses else 0.0)
    recall.append(1.0)
    precision.append(0.0)
    for i in range(len(precision) - 2, -1, -1):
        precision[i] = max(precision[i], precision[i + 1])
    return sum((recall[i] - recall[i - 1]) * precision[i] for i in range(1, len(recall)))


def evaluate(objects: Sequence[Thing], found: Sequence[Thing], excluded: set[Pair]) -> list[float | None]:
    """Average precision of the categories 1 to the largest that has an object."""
    values = []
    for category in range(1, max(thing.category for thing in objects) + 1):
        positives = [
            thing for thing in objects if thing.category == category and (thing.image, category) not in excluded
        ]
        values.append(average_precision(outcomes(category, objects, found, excluded), len(positives)))
    return values


def resampled(objects: Sequence[Thing], found: Sequence[Thing], images: int, rounds: int, seed: int) -> list[float]:
    """The mean of each bootstrap round, every drawn image given a number of its own and all evaluated anew."""
    draw = random.Random(seed)
    means = []
    for _ in range(rounds):
        drawn = sorted(draw.choices(range(1, images + 1), k=images))
        there, seen = _copied(objects, drawn), _copied(found, drawn)
        values = []
        for category in {thing.category for thing in there}:
            positives = sum(thing.category == category for thing in there)
            value = average_precision(outcomes(category, there, seen, set()), positives)
            values.append(value or 0.0)
        means.append(sum(values) / len(values) if values else 0.0)
    return means


def _copied(things: Sequence[Thing], drawn: Sequence[int]) -> Sequence[Thing]:
    return [
        Thing(number, thing.category, thing.box, thing.confidence)
        for number, image in enumerate(drawn, start=1)
        for thing in things
        if thing.image == image
    ]
