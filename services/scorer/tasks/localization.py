"""Localization: which of the challenge's categories is in each image, and where? Up to five guesses, each with a box.

What is accepted and refused, and why: docs/tasks/localization.md. The rule is eval_clsloc.m of the development kits
(2013 on); without excluded images it is eval_localization_flat.m (2011, 2012).
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from services.scorer.diagnosis.causes import OF_NUMBERS, explaining
from services.scorer.diagnosis.fractions import FRACTIONS, are_fractions
from services.scorer.diagnosis.notes import FIRST as FIRST_LINES
from services.scorer.diagnosis.notes import note
from services.scorer.formats.blocks import Readable
from services.scorer.formats.examples import BOXES, IMAGE_NAMES
from services.scorer.formats.guesses import Wanted
from services.scorer.formats.instances import EXCLUDED, Instances, read_instances
from services.scorer.formats.located import Located, read_located
from services.scorer.formats.numbering import FIRST, Categories, Named, Numbers, categories_of
from services.scorer.formats.table import Decimals
from services.scorer.metrics.intervals import intervals
from services.scorer.metrics.location import keep_found
from services.scorer.metrics.losses import Losses, errors_by_guesses, flat
from services.scorer.metrics.numberings import chance_notes, fitting_notes
from services.scorer.protocol import Case, Content, Example, Findings
from shared.bundles import TRUTH, pack
from shared.challenge import WEEK_SECONDS, Challenge, Limits, Protocol, Split, Synset, Task
from shared.report import Note

NAME = "localization"

_LIMITS = Limits(pool="example", places=2, window_seconds=WEEK_SECONDS)

EXAMPLE = Example(
    Challenge(
        name="example",
        version=1,
        title="Example",
        year=2012,
        description="Three categories, three images, one of which is excluded.",
        tasks={
            NAME: Task(
                kind=NAME,
                title="Localization",
                headline="localization_error",
                protocol=Protocol(confidence="proven", source="eval_clsloc.m"),
                splits={
                    "test": Split(title="Test", images=3, held_out=True, limits=_LIMITS, image_names=IMAGE_NAMES),
                    "validation": Split(title="Validation", images=3, held_out=False, limits=_LIMITS),
                },
                categories=3,
                max_bytes=2000,
            )
        },
        synsets=(
            Synset(id=1, wnid="n02119789", name="kit fox", height=0),
            Synset(id=2, wnid="n02100735", name="English setter", height=0),
            Synset(id=3, wnid="n03255030", name="dumbbell", height=0),
            Synset(id=4, wnid="n00001740", name="entity", height=1, children=(1, 2, 3)),
        ),
    ),
    predictions=b"1 5 5 50 50 2 0 0 9.5 9\n3, 1e1 20 +30 .4 7 3 2 1 0\n0",
    truth=pack({TRUTH: b"2 0 0 9 9 2 20 0 29 9\n3 10 20 30 40 1 0 0 1 1\n1 5 5 6 6\n", EXCLUDED: b"3\n"}),
    broken=(
        b"",
        b"1 0 0 9 9\n0\n",
        b"1 0 0 9\n2 1\n0 0\n",
        b"1\x001",
        b"-1 0 0 9 9\n\n1.5 x nan 1e999 \xe9 \xd9\xa1 n02119789 \xc3\xa9,,\r4",
    ),
    others=BOXES,
)


@dataclass(frozen=True, slots=True)
class Parsed:
    """Aligned with the truth, image by image: guesses (images, k), ids of categories, 0 for no guess or an unknown one.

    `written`: the same as the file has them, with the boxes.
    """

    case: Case
    categories: Categories
    written: Located
    guesses: Numbers
    notes: tuple[Note, ...]


@dataclass(frozen=True, slots=True)
class Scored:
    """The losses under each metric's name, in the order of the report."""

    losses: dict[str, Losses]
    notes: tuple[Note, ...]


def read_truth(case: Case, truth: Readable) -> Instances:
    """The objects of all images, and which images are excluded (`formats.instances`)."""
    return read_instances(truth, case.images, case.categories)


def parse(case: Case, predictions: Readable, truth: Instances | None) -> Parsed:
    """Read the predictions, in any of the formats of `formats.located` and by the numbering of the case."""
    images = case.images if truth is None else len(truth.labels)
    categories = categories_of(case.categories, case.synsets)
    wanted = Wanted(case.guesses, images, categories, case.synsets, case.image_names, case.labels)
    with explaining(case, predictions, images, OF_NUMBERS):
        written = read_located(predictions, wanted)
    guesses = written.guesses
    named = categories.named(guesses.numbers(guesses.labels), guesses.labels)
    return Parsed(case, categories, written, named.ids, _notes(case, written, named))


def describe(parsed: Parsed) -> Content:
    """How many images, and how many guesses in all."""
    counts = {"images": len(parsed.guesses), "guesses": int(np.count_nonzero(parsed.guesses))}
    return Content(counts, parsed.notes)


def _notes(case: Case, written: Located, named: Named) -> tuple[Note, ...]:
    """What was accepted as the development kit accepts it, but may not be what its author meant."""
    k, boxes, lengths = case.guesses, written.boxes, written.guesses.rows.lengths
    made = np.arange(k) < lengths[:, None]
    inverted = made & ((boxes[:, :, 2] < boxes[:, :, 0]) | (boxes[:, :, 3] < boxes[:, :, 1]))
    found = (
        note("extra-guesses", lengths > k, f"Guesses after the first {k} of a line were ignored."),
        note("unknown-categories", named.unknown, _unknown(case, written)),
        note(
            "missing-guesses",
            (named.ids == 0) & ~named.unknown,
            f"Lines hold fewer than {k} guesses; each missing one is wrong.",
        ),
        note("inverted-boxes", inverted, _INVERTED),
        note("looks-like-fractions", made & _fractions(boxes, made), FRACTIONS),
    )
    return tuple(filter(None, found))


def _fractions(boxes: Decimals, made: NDArray[np.bool_]) -> bool:
    """Whether the boxes that were made are fractions; nearly always the first ones already tell that they are not."""
    return bool(boxes[:FIRST_LINES].max(initial=0) <= 1) and are_fractions(boxes[made])


_INVERTED = (
    "Boxes end before they begin (xmax < xmin or ymax < ymin), as where width and height are sent: they find nothing."
)


def _unknown(case: Case, written: Located) -> str:
    """What it meant for a guess to be of no category."""
    labels = written.guesses.labels
    if labels == "wnid":
        return "WNIDs that are no categories, but their ancestors, count as wrong guesses."
    return f"Ids above {(case.categories or 0) - 1 + FIRST[labels]} count as wrong guesses."


def score(parsed: Parsed, truth: Instances) -> Scored:
    """The losses with the first guess, the first two, …: of localization over the images not excluded, then flat."""
    guesses = np.ascontiguousarray(parsed.guesses, np.int32)
    found = np.empty_like(guesses)
    boxes = np.ascontiguousarray(parsed.written.boxes.reshape(-1, 4).T)
    keep_found(guesses, boxes, truth.starts, truth.instance_labels, truth.boxes, found)
    located = _located(found, truth)
    flat_losses = errors_by_guesses(guesses, truth.labels, flat, worst=1)
    losses = {"localization_error": located[-1]} if located else {}
    losses |= {f"top_{rank}_localization_error": loss for rank, loss in enumerate(located, start=1)}
    losses |= {f"top_{rank}_error": loss for rank, loss in enumerate(flat_losses, start=1)}
    notes = (*parsed.notes, *_truth_notes(truth), *_numbering_notes(parsed, truth.labels, flat_losses[-1]))
    return Scored(losses, notes)


def _located(found: Numbers, truth: Instances) -> tuple[Losses, ...]:
    """The losses over the images not excluded, none where nothing remains; the divisor is the official one."""
    kept = ~truth.excluded
    if _nothing_kept(truth):
        return ()
    judged = (found, truth.labels) if kept.all() else (found[kept], truth.labels[kept])
    losses = errors_by_guesses(*judged, flat, worst=1)
    return tuple(replace(loss, divisor=truth.judged) for loss in losses)


def _nothing_kept(truth: Instances) -> bool:
    """The official code divides by zero, or less, here; there is no error of localization then."""
    return bool(truth.excluded.all()) or truth.judged < 1


def _truth_notes(truth: Instances) -> list[Note]:
    """What the truth makes of the error of localization, if not the plain mean over the images that count."""
    excluded = int(np.count_nonzero(truth.excluded))
    surplus = len(truth.excluded) - excluded - truth.judged
    found = (
        ("all-images-excluded", _NOTHING_KEPT, len(truth.excluded) if _nothing_kept(truth) else 0),
        ("excluded-surplus", _SURPLUS, surplus),
        ("no-box", _BOXLESS, int(np.count_nonzero(truth.boxless))),
    )
    return [Note(code=code, sentence=sentence, count=count) for code, sentence, count in found if count]


_NOTHING_KEPT = "Every image is excluded from localization: there is no error of it."
_SURPLUS = (
    "The truth excludes images twice, or images beyond the list. As in the official code each such line still lowers "
    "what the error of localization is divided by."
)
_BOXLESS = "The truth has images with a label and no box of it: localization cannot find that label there."


def _numbering_notes(parsed: Parsed, labels: Numbers, losses: Losses) -> list[Note]:
    """Whether the labels are likely in another numbering; which, only where the truth is no secret."""
    if parsed.categories.count is None:
        return []
    notes = chance_notes(losses, int(np.count_nonzero(parsed.guesses)), parsed.categories.count)
    if parsed.case.held_out:
        return notes

    def judged(ids: Numbers) -> Losses:
        return errors_by_guesses(ids, labels, flat, worst=1)[-1]

    return notes + fitting_notes(losses, parsed.written.guesses, judged, parsed.categories)


def report(scored: Scored) -> Findings:
    """Means over the images that count, and their intervals; what has two names is reduced once."""
    distinct = {id(losses): losses for losses in scored.losses.values()}
    found = {key: intervals(losses) for key, losses in distinct.items()}
    means = {name: losses.mean() for name, losses in scored.losses.items()}
    return Findings(means, {name: found[id(losses)] for name, losses in scored.losses.items()}, scored.notes)
