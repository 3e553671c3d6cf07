"""Video detection: where in each frame are objects of the challenge's categories? As detection, frame by frame.

What is accepted and refused, and why: docs/tasks/video-detection.md. The rule is eval_vid_detection.m of the ILSVRC2016
and 2017 development kits, and of 2015's, whose lines have no column of tracks.
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
    first_row_length,
    largest,
    read_boxes,
    read_true_boxes,
)
from services.scorer.formats.bundle import open_bundle
from services.scorer.formats.excluded import NO_PAIRS, in_every_category, read_images
from services.scorer.formats.table import Grammar
from services.scorer.metrics.found_objects import Found, findings, measure
from services.scorer.metrics.objects import Objects, judge, objects
from services.scorer.protocol import Case, Content, Example, Findings
from shared.bundles import TRUTH, pack
from shared.report import Note

NAME = "video-detection"

EXCLUDED = "excluded"

TRACK_COLUMN = "track_column"
"""The option: whether lines have the column of tracks, -1 in each (2016, 2017). They have, if a definition does not say
it; without a definition a file's first line tells.
"""

GRAMMARS = {with_track: box_grammar("frame", with_track) for with_track in (True, False)}

EXAMPLE = Example(
    box_challenge(NAME, "eval_vid_detection.m", track_column=True),
    predictions=b"1 1 -1 0.5 10 10 20 20\n1 1 -1 " + LATE + b" 10 10 20 20\n3 2 -1 -inf 5 5 1 9\n",
    truth=pack({TRUTH: b"1 1 -1 1 10 10 20 20\n2 2 -1 1 1 1 9 9\n3 1 -1 1 0 0 5 5\n", EXCLUDED: b"3\n"}),
    broken=(*BROKEN, b"1 1 7 0.5 10 10 20 20\n"),
    others=(("ilsvrc", b'{"predictions": [[1, 1, -1, 0.5, 10, 10, 20, 20]]}'),),
)


@dataclass(frozen=True, slots=True)
class Truth:
    """The objects, and how many frames there are."""

    objects: Objects
    frames: int


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
    """The objects in the grammar of submissions; the part `excluded` names frames that do not count."""
    parts = open_bundle(truth, (EXCLUDED,))
    boxes = read_true_boxes(parts[TRUTH], _grammar(case, parts[TRUTH]), case.images, case.categories)
    pairs = NO_PAIRS
    if EXCLUDED in parts:
        pairs = in_every_category(read_images(parts[EXCLUDED], case.images or MOST_IMAGES), int(boxes.categories.max()))
    found = objects(boxes.images, boxes.categories, boxes.corners, pairs)
    return Truth(found, case.images or largest(boxes.images, pairs[:, 0]))


def parse(case: Case, predictions: Readable, truth: Truth | None) -> Parsed:
    """Read the detections: the devkit's text, or a JSON list of rows."""
    grammar = _grammar(case, predictions)
    with explaining(case, predictions, None, rules(list(grammar.columns))):
        boxes = read_boxes(predictions, grammar, case.images)
    categories = case.categories or (truth.objects.categories if truth else None)
    notes = (*box_notes(boxes, categories), *suspicions_of_boxes(boxes.confidences, boxes.corners))
    return Parsed(case, boxes, notes)


def _grammar(case: Case, file: Readable) -> Grammar:
    """What lines hold; only a definition tells the number of categories, so that without it none was given."""
    if case.categories is None and TRACK_COLUMN not in case.options:
        return GRAMMARS[first_row_length(file) != len(GRAMMARS[False].columns)]
    return GRAMMARS[bool(case.options.get(TRACK_COLUMN, True))]


def describe(parsed: Parsed) -> Content:
    """How many detections, and in how many frames."""
    return Content(parsed.boxes.counts("frames"), parsed.notes)


def score(parsed: Parsed, truth: Truth) -> Scored:
    """Rank, match and measure."""
    boxes = parsed.boxes
    judged = judge(truth.objects, boxes.images, boxes.categories, boxes.confidences, boxes.corners)
    names = {synset.id: synset.name for synset in parsed.case.synsets}
    return Scored(measure(truth.objects, judged, truth.frames), names, parsed.notes)


def report(scored: Scored) -> Findings:
    """Means, each category's figures and curve, the interval of the mean."""
    return findings(scored.found, scored.names, scored.notes)
