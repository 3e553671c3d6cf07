"""Scene parsing (2016): which of 150 categories does each pixel belong to? A zip of masks against a zip of masks.

What is accepted and refused, and why: docs/tasks/scene-parsing.md. The rule is demoEvaluation.m and
intersectionAndUnion.m of the kit.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from services.scorer.diagnosis.causes import explaining
from services.scorer.formats.blocks import Bytes, Readable
from services.scorer.formats.faults import FaultList
from services.scorer.formats.mask_examples import DAMAGED, MASKS, SHIFTED, TRUTH
from services.scorer.formats.masks import Masks, open_masks, refuse_other_files
from services.scorer.formats.numbering import Categories
from services.scorer.formats.png import Size
from services.scorer.formats.roster import expected_roster
from services.scorer.metrics.parsing import Agreement, Marks, Tally, iou, marks
from services.scorer.metrics.rounds import Floats, drawn, ends
from services.scorer.protocol import Case, Content, Example, Findings
from shared.challenge import WEEK_SECONDS, Challenge, Limits, Protocol, Split, Task
from shared.errors import Broken, Fault, Unreadable
from shared.report import CategoryLine, Interval, Note

NAME = "scene-parsing"

CATEGORIES = 150
"""Of the challenge, where no definition says otherwise. A byte holds no more than 255."""

FITS_TIMES = 2
"""Values that are one off fit if they make so many times as many pixels right."""

_LIMITS = Limits(pool="example", places=2, window_seconds=WEEK_SECONDS)

EXAMPLE = Example(
    Challenge(
        name="example",
        version=1,
        title="Example",
        year=2016,
        description="Two images of three categories.",
        tasks={
            NAME: Task(
                kind=NAME,
                title="Scene parsing",
                headline="scene_parsing_score",
                protocol=Protocol(confidence="derived", source="demoEvaluation.m"),
                splits={
                    "test": Split(title="Test", images=2, held_out=True, limits=_LIMITS, image_names="scene_{:04d}"),
                    "validation": Split(title="Validation", images=2, held_out=False, limits=_LIMITS),
                },
                categories=3,
                max_bytes=10_000,
            )
        },
    ),
    predictions=MASKS,
    truth=TRUTH,
    broken=DAMAGED,
    others=(("ilsvrc", SHIFTED), ("ilsvrc", TRUTH), ("wnid", MASKS)),
)


@dataclass(frozen=True, slots=True)
class Truth:
    """The true masks, not decoded yet, in the order of the images; how many categories they may hold."""

    masks: Masks
    categories: int

    def labels(self, image: int) -> Bytes:
        """(height, width) of an image. Raises `Broken` for a mask that cannot be read: that is never the team's fault."""
        try:
            found = self.masks.labels(image, None, self.categories)
        except Unreadable as refusal:
            raise Broken("truth-unreadable", f"the ground truth cannot be read: {refusal.sentence}") from refusal
        if isinstance(found, Fault):
            raise Broken("truth-unreadable", f"the ground truth cannot be read: {found.sentence}")
        return found


@dataclass(frozen=True, slots=True)
class Parsed:
    """How many images and pixels, and how the masks compare with the true ones; nothing of that without a truth."""

    case: Case
    images: int
    pixels: int
    tally: Tally
    notes: tuple[Note, ...]


@dataclass(frozen=True, slots=True)
class Scored:
    """How far the masks agree, image by image."""

    case: Case
    agreement: Agreement
    notes: tuple[Note, ...]


def read_truth(case: Case, truth: Readable) -> Truth:
    """The archive of true masks; they are decoded one by one, as they are needed."""
    faults = FaultList("Mask")
    masks = open_masks(truth, None, case.images, faults)
    if case.images not in (None, len(masks.members)) or not masks.members:
        sentence = f"There are {len(masks.members):,} masks for {case.images or 1:,} images."
        faults.add((Fault("truth-count", sentence, "Pack one mask for each image."),), 1)
    faults.refuse()
    return Truth(masks, case.categories or CATEGORIES)


def parse(case: Case, predictions: Readable, truth: Truth | None) -> Parsed:
    """Read the masks, one at a time, and count each against the true one; without a truth, only read them."""
    if case.labels != "ilsvrc":
        Categories(case.categories, None).need_ranked(case.labels)
    faults = FaultList("Mask")
    with explaining(case, predictions, None, ()):
        refuse_other_files(predictions)
    roster = truth.masks.roster if truth else expected_roster(case.image_names, case.images)
    masks = open_masks(predictions, roster, case.images, faults)
    tally, pixels, flat = Tally(case.categories or CATEGORIES), 0, 0
    for image in range(len(masks.members)):
        true = truth.labels(image) if truth else None
        found = masks.labels(image, _size(true), tally.categories)
        if isinstance(found, Fault):
            faults.add((found,), 1)
            continue
        pixels += found.size
        flat += bool(found.min() == found.max())
        if true is not None:
            tally.add(true, found)
    faults.refuse()
    return Parsed(case, len(masks.members), pixels, tally, _same_everywhere(flat, len(masks.members)))


def _size(labels: Bytes | None) -> Size | None:
    return None if labels is None else (labels.shape[1], labels.shape[0])


def _same_everywhere(flat: int, images: int) -> tuple[Note, ...]:
    """Masks of one colour each: `flat` of them."""
    if images < 2 or flat < images:
        return ()
    sentence = "Every mask holds one number only: the program gives all pixels of an image one category."
    return (Note(code="same-value-everywhere", sentence=sentence, count=images),)


def describe(parsed: Parsed) -> Content:
    """How many images, and how many pixels in all."""
    return Content({"images": parsed.images, "pixels": parsed.pixels}, parsed.notes)


def score(parsed: Parsed, _: Truth) -> Scored:
    """How far the masks agree, image by image. Raises `Broken` for a truth without a single labelled pixel."""
    agreement = parsed.tally.agreement()
    if not agreement.true.any():
        raise Broken("truth-unlabelled", "no pixel of the ground truth has a category")
    return Scored(parsed.case, agreement, (*parsed.notes, *_shifted(parsed)))


def _shifted(parsed: Parsed) -> tuple[Note, ...]:
    """Numbers that are one off, where the truth is no secret."""
    if parsed.case.held_out:
        return ()
    tally = parsed.tally
    right, all_pixels = int(np.trace(tally.total[1:, 1:])), int(tally.total[1:].sum())
    fitting, by = max((tally.right_if_shifted(by), by) for by in (1, -1))
    if fitting <= FITS_TIMES * right or fitting * len(tally.total) < all_pixels:
        return ()
    sentence = (
        f"The masks fit another numbering: with {by:+d} on each number the pixel accuracy would be "
        f"{fitting / all_pixels:.5f}. Here 1 is the first category, and 0 is none."
    )
    return (Note(code="other-numbering-fits", sentence=sentence, count=parsed.images),)


def report(scored: Scored) -> Findings:
    """The marks of all images together, their intervals over images, and the IoU of each category."""
    found = scored.agreement
    right, true, union = (part.sum(axis=0, keepdims=True) for part in (found.right, found.true, found.union))
    metrics = {name: float(values[0]) for name, values in _named(marks(right, true, union)).items()}
    return Findings(metrics, _intervals(found), scored.notes, tuple(_lines(scored, iou(right, union)[0].tolist())))


def _named(found: Marks) -> dict[str, Floats]:
    return {
        "scene_parsing_score": found.score,
        "pixel_accuracy": found.pixel_accuracy,
        "mean_iou": found.mean_iou,
    }


def _intervals(found: Agreement) -> dict[str, dict[str, Interval]]:
    """Images are drawn, and what all their pixels say together is reckoned anew in each round: whole sums, so exact."""
    parts = [part.astype(np.float64) for part in (found.right, found.true, found.union)]
    rounds = [_named(marks(*(times @ part for part in parts))) for times in drawn(len(found.right))]
    return {name: ends(np.concatenate([each[name] for each in rounds])) for name in rounds[0]}


def _lines(scored: Scored, ious: list[float]) -> Iterator[CategoryLine]:
    """A line for each category; one that is nowhere has IoU 0, as it has in the mean."""
    found = scored.agreement
    names = {synset.id: synset.name for synset in scored.case.synsets}
    counts = {"pixels": found.true, "predicted_pixels": found.predicted, "right_pixels": found.right}
    sums = {what: part.sum(axis=0).tolist() for what, part in counts.items()}
    for place, value in enumerate(ious):
        name = names.get(place + 1, f"category {place + 1}")
        line_counts = {what: values[place] for what, values in sums.items()}
        yield CategoryLine(id=place + 1, name=name, metrics={"iou": value}, counts=line_counts)
