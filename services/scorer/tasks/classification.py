"""Classification: which of the challenge's categories is in each image? Up to five guesses count.

What is accepted and refused, and why: docs/tasks/classification.md. The rule is eval_flat.m of the ILSVRC2012
development kit (eval_clsloc.m from 2013 on); the hierarchical error is that of the 2010 kit's readme.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from services.scorer.diagnosis.causes import explaining
from services.scorer.diagnosis.notes import note, suspicions
from services.scorer.formats.blocks import Readable
from services.scorer.formats.examples import IMAGE_NAMES, OTHERS
from services.scorer.formats.guesses import Guesses, Wanted, read_guesses
from services.scorer.formats.numbering import FIRST, Categories, Named, Numbers, categories_of
from services.scorer.formats.rows import read_rows
from services.scorer.formats.tokens import Positions
from services.scorer.metrics.hierarchy import cost_matrix, hierarchical
from services.scorer.metrics.intervals import intervals
from services.scorer.metrics.losses import Losses, errors_by_any_label, errors_by_guesses, flat
from services.scorer.metrics.numberings import chance_notes, fitting_notes
from services.scorer.protocol import Case, Content, Example, Findings
from shared.challenge import WEEK_SECONDS, Challenge, Limits, Protocol, Split, Synset, Task
from shared.errors import SHOWN_FAULTS, Broken, Fault, Unreadable
from shared.report import Note

NAME = "classification"

EXAMPLE = Example(
    Challenge(
        name="example",
        version=1,
        title="Example",
        year=2012,
        description="Three categories, two of which are animals.",
        tasks={
            NAME: Task(
                kind=NAME,
                title="Classification",
                headline="top_5_error",
                protocol=Protocol(confidence="proven", source="eval_flat.m"),
                splits={
                    "test": Split(
                        title="Test",
                        images=3,
                        held_out=True,
                        limits=Limits(pool="example", places=2, window_seconds=WEEK_SECONDS),
                        image_names=IMAGE_NAMES,
                    ),
                    "validation": Split(
                        title="Validation",
                        images=3,
                        held_out=False,
                        limits=Limits(pool="example", places=2, window_seconds=WEEK_SECONDS),
                    ),
                },
                categories=3,
                hierarchical="normalised",
                max_bytes=1000,
            )
        },
        synsets=(
            Synset(id=1, wnid="n02119789", name="kit fox", height=0),
            Synset(id=2, wnid="n02100735", name="English setter", height=0),
            Synset(id=3, wnid="n03255030", name="dumbbell", height=0),
            Synset(id=4, wnid="n00015388", name="animal", height=1, children=(1, 2)),
            Synset(id=5, wnid="n00001740", name="entity", height=2, children=(3, 4)),
        ),
    ),
    predictions=b"1 2 3 4 5 6\n3, 100000\n0",
    truth=b"2 0\n3 1\n1 0\n",
    broken=(
        b"",
        b"\xff\xfe1\x00\n\x00",
        b"1\x001",
        b"1 2\n\n-1 1.5 x \xe9 \xd9\xa1 n02119789 \xc3\xa9 1;2 +3 99999999999,,\r4",
    ),
    others=OTHERS,
)

Marked = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Parsed:
    """Aligned with the truth, image by image: guesses (images, k), ids of categories, 0 for no guess or an unknown one.

    `written`: the same as the file has them.
    """

    case: Case
    categories: Categories
    written: Guesses
    guesses: Numbers
    notes: tuple[Note, ...]


@dataclass(frozen=True, slots=True)
class Scored:
    """The losses under each metric's name, in the order of the report."""

    losses: dict[str, Losses]
    notes: tuple[Note, ...]


def parse(case: Case, predictions: Readable, truth: Numbers | None) -> Parsed:
    """Read the predictions, in any of the formats of `formats.guesses` and by the numbering of the case."""
    images = case.images if truth is None else len(truth)
    categories = categories_of(case.categories, case.synsets)
    if case.labels != "ilsvrc":
        # Whatever the file holds: nobody could read it.
        categories.need_ranked(case.labels)
    wanted = Wanted(case.guesses, images, categories, case.synsets, case.image_names, case.labels)
    with explaining(case, predictions, images):
        written = read_guesses(predictions, wanted)
    named = categories.named(written.numbers(written.labels), written.labels)
    return Parsed(case, categories, written, named.ids, _notes(case, written, named))


def describe(parsed: Parsed) -> Content:
    """How many images, and how many guesses in all."""
    counts = {"images": len(parsed.guesses), "guesses": int(np.count_nonzero(parsed.guesses))}
    return Content(counts, parsed.notes)


def read_truth(case: Case, truth: Readable) -> Numbers:
    """The true labels: (images, labels) int32, padded with 0. The grammar is that of predictions.

    Raises `Unreadable`, also for a line without a label (by any label: if no line has one) and for one above the number
    of categories.
    """
    labels = read_rows(truth, lines=case.images).numbers
    bare = np.flatnonzero(~np.any(labels, axis=1))
    if not _by_any_label(case) or len(bare) == len(labels):
        _refuse_lines(bare, "no-label", "has no label", "Write a true label, not only 0.")
    if case.categories:
        above = np.flatnonzero(np.any(labels > case.categories, axis=1))
        what = f"has a label above {case.categories:,}, the number of categories"
        _refuse_lines(above, "unknown-label", what, "Write labels of the challenge's categories.")
    return labels


def _by_any_label(case: Case) -> bool:
    """The option `any_label`: right is whatever is one of an image's labels, and an image without any is skipped."""
    chosen = case.options.get("any_label", False)
    if not isinstance(chosen, bool) or (chosen and case.hierarchical):
        raise Broken("definition-mismatch", "any_label is true or false, and goes without a hierarchical error")
    return chosen


def _refuse_lines(images: Positions, code: str, what: str, remedy: str) -> None:
    """Raise `Unreadable` if there are any `images` of which `what` is true."""
    if len(images):
        faults = tuple(Fault(code, f"The image {what}.", remedy, int(i) + 1, 1) for i in images[:SHOWN_FAULTS])
        raise Unreadable(code, f"The image of line {images[0] + 1:,} {what}.", remedy, faults, len(images))


def _notes(case: Case, written: Guesses, named: Named) -> tuple[Note, ...]:
    """What was accepted as the development kit accepts it, but may not be what its author meant."""
    k = case.guesses
    found = (
        ("extra-guesses", written.rows.lengths > k, f"Guesses after the first {k} of a line were ignored."),
        ("unknown-categories", named.unknown, _unknown(case)),
        (
            "missing-guesses",
            (named.ids == 0) & ~named.unknown,
            f"Lines hold fewer than {k} guesses; each missing one is wrong.",
        ),
    )
    accepted = (note(*each) for each in found)
    meant = replace(case, labels=written.labels)
    return (*filter(None, accepted), *suspicions(meant, written.rows))


def _unknown(case: Case) -> str:
    """What it meant for a guess to be of no category."""
    if case.labels == "wnid":
        return "WNIDs that are no categories, but their ancestors, count as wrong guesses."
    highest = (case.categories or 0) - 1 + FIRST[case.labels]
    return f"Ids above {highest} count as wrong guesses."


def score(parsed: Parsed, truth: Numbers) -> Scored:
    """The losses with the first guess, the first two, …, and by the hierarchy where there is one."""
    flat_losses = _flat_losses(parsed.case, parsed.guesses, truth)
    losses = dict(_named("error", flat_losses))
    if parsed.case.hierarchical:
        by_height = _hierarchical_errors(parsed, truth, parsed.case.synsets)
        losses |= {"hierarchical_error": by_height[-1], **dict(_named("hierarchical_error", by_height))}
    return Scored(losses, (*parsed.notes, *_numbering_notes(parsed, truth, flat_losses[-1])))


def _flat_losses(case: Case, guesses: Numbers, truth: Numbers) -> tuple[Losses, ...]:
    if _by_any_label(case):
        return errors_by_any_label(guesses, truth)
    return errors_by_guesses(guesses, truth, flat, worst=1)


def _numbering_notes(parsed: Parsed, truth: Numbers, losses: Losses) -> list[Note]:
    """Whether the file is likely in another numbering; which, only where the truth is no secret."""
    case, categories = parsed.case, parsed.categories
    if categories.count is None:
        return []
    notes = chance_notes(losses, _chances(case, parsed.guesses, truth), categories.count)
    if case.held_out:
        return notes
    return notes + fitting_notes(losses, parsed.written, lambda ids: _flat_losses(case, ids, truth)[-1], categories)


def _chances(case: Case, guesses: Numbers, truth: Numbers) -> int:
    """How often something was guessed that could have been right: once for each label where any of them will do."""
    made = np.count_nonzero(guesses, axis=1)
    return int((made * np.count_nonzero(truth, axis=1)).sum() if _by_any_label(case) else made.sum())


def _hierarchical_errors(parsed: Parsed, truth: Numbers, synsets: tuple[Synset, ...]) -> tuple[Losses, ...]:
    """A guess that is missing or of no category costs the greatest height, the root's."""
    categories = parsed.case.categories or len(synsets)
    costs = cost_matrix(synsets, categories)
    greatest = int(costs[0, 0])
    unit = greatest if parsed.case.hierarchical == "normalised" else 1
    return errors_by_guesses(parsed.guesses, truth, hierarchical(costs), greatest, unit)


def _named(name: str, losses: tuple[Losses, ...]) -> list[tuple[str, Losses]]:
    return [(f"top_{rank}_{name}", loss) for rank, loss in enumerate(losses, start=1)]


def report(scored: Scored) -> Findings:
    """Means over all images and their intervals; what has two names is reduced once."""
    distinct = {id(losses): losses for losses in scored.losses.values()}
    found = {key: intervals(losses) for key, losses in distinct.items()}
    means = {name: losses.mean() for name, losses in scored.losses.items()}
    return Findings(means, {name: found[id(losses)] for name, losses in scored.losses.items()}, scored.notes)
