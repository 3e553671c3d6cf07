"""Detection: where in each image are objects of the challenge's categories? Any number of boxes, each with a confidence.

What is accepted and refused, and why: docs/tasks/detection.md. The rule is eval_detection.m of the ILSVRC2014
development kit, unchanged until 2017.
"""

from dataclasses import dataclass

from services.scorer.diagnosis.boxes import rules, suspicions_of_boxes
from services.scorer.diagnosis.causes import explaining
from services.scorer.formats.blocks import Readable
from services.scorer.formats.box_examples import BROKEN, LATE, box_challenge
from services.scorer.formats.boxes import (
    MOST_IMAGES,
    Boxes,
    box_grammar,
    box_notes,
    largest,
    read_boxes,
    read_true_boxes,
)
from services.scorer.formats.bundle import open_bundle
from services.scorer.formats.excluded import NO_PAIRS, read_pairs
from services.scorer.metrics.found_objects import Found, findings, measure
from services.scorer.metrics.objects import Objects, judge, objects
from services.scorer.protocol import Case, Content, Example, Findings
from shared.bundles import TRUTH, pack
from shared.report import Note

NAME = "detection"

EXCLUDED = "excluded"

GRAMMAR = box_grammar("image")

EXAMPLE = Example(
    box_challenge(NAME, "eval_detection.m"),
    predictions=b"1 1 0.5 10 10 20 20\n1 1 " + LATE + b" 10 10 20 20\n3 2 -inf 5 5 1 9\n2 3 1 0 0 9 9\n",
    truth=pack({TRUTH: b"1 1 1 10 10 20 20\n2 2 1 1 1 9 9\n3 1 1 0 0 5 5\n", EXCLUDED: b"3 n02672831\n"}),
    broken=BROKEN,
    others=(
        ("ilsvrc", b'{"predictions": [[1, 1, 0.5, 10, 10, 20, 20]]}'),
        ("ilsvrc", b'[{"image_id": 1, "category_id": 1, "score": 0.5, "bbox": [10, 10, 11, 11]}]'),
    ),
)


@dataclass(frozen=True, slots=True)
class Truth:
    """The objects, and how many images there are."""

    objects: Objects
    images: int


@dataclass(frozen=True, slots=True)
class Parsed:
    """The detections, and what was accepted."""

    case: Case
    boxes: Boxes
    notes: tuple[Note, ...]


@dataclass(frozen=True, slots=True)
class Scored:
    """What was found, and under which names."""

    found: Found
    names: dict[int, str]
    notes: tuple[Note, ...]


def read_truth(case: Case, truth: Readable) -> Truth:
    """The objects in the grammar of submissions; the part `excluded` names images and categories that do not count."""
    parts = open_bundle(truth, (EXCLUDED,))
    boxes = read_true_boxes(parts[TRUTH], GRAMMAR, case.images, case.categories)
    pairs = read_pairs(parts[EXCLUDED], case.images or MOST_IMAGES, case.synsets) if EXCLUDED in parts else NO_PAIRS
    found = objects(boxes.images, boxes.categories, boxes.corners, pairs)
    return Truth(found, case.images or largest(boxes.images, pairs[:, 0]))


def parse(case: Case, predictions: Readable, truth: Truth | None) -> Parsed:
    """Read the detections: the devkit's text, a JSON list of rows, or COCO's results."""
    with explaining(case, predictions, None, rules(list(GRAMMAR.columns))):
        boxes = read_boxes(predictions, GRAMMAR, case.images, coco=True)
    categories = case.categories or (truth.objects.categories if truth else None)
    notes = (*box_notes(boxes, categories), *suspicions_of_boxes(boxes.confidences, boxes.corners))
    return Parsed(case, boxes, notes)


def describe(parsed: Parsed) -> Content:
    """How many detections, and in how many images."""
    return Content(parsed.boxes.counts("images"), parsed.notes)


def score(parsed: Parsed, truth: Truth) -> Scored:
    """Rank, match and measure."""
    boxes = parsed.boxes
    judged = judge(truth.objects, boxes.images, boxes.categories, boxes.confidences, boxes.corners)
    names = {synset.id: synset.name for synset in parsed.case.synsets}
    return Scored(measure(truth.objects, judged, truth.images), names, parsed.notes)


def report(scored: Scored) -> Findings:
    """Means, each category's figures and curve, the interval of the mean."""
    return findings(scored.found, scored.names, scored.notes)
