"""Scene classification (2015, 2016): which kind of place does each image show? Up to five guesses count.

What is accepted and refused, and why: docs/tasks/scene-classification.md. The rule is eval_cls.m of the Places2 kits:
rows by the images' names, ids from 0.
"""

from dataclasses import dataclass, replace

import numpy as np

from services.scorer.diagnosis.causes import explaining
from services.scorer.diagnosis.named import RULES
from services.scorer.diagnosis.notes import note, suspicions_of_named
from services.scorer.formats.blocks import Readable
from services.scorer.formats.faults import FaultList, wrong_count
from services.scorer.formats.json_rows import read_json
from services.scorer.formats.named_rows import Named, aligned, read_named
from services.scorer.formats.numbering import Categories, Numbers
from services.scorer.formats.recognise import format_of
from services.scorer.formats.roster import Roster, expected_roster
from services.scorer.formats.rows import Rows
from services.scorer.formats.tokens import LARGEST, Mask, Positions
from services.scorer.formats.wording import NAMED_IDS
from services.scorer.metrics.intervals import intervals
from services.scorer.metrics.losses import Losses, errors_by_guesses, flat
from services.scorer.metrics.numberings import chance_notes
from services.scorer.protocol import Case, Content, Example, Findings
from shared.challenge import WEEK_SECONDS, Challenge, Limits, Protocol, Split, Task
from shared.errors import SHOWN_FAULTS, Fault
from shared.report import Note

NAME = "scene-classification"

_LIMITS = Limits(pool="example", places=2, window_seconds=WEEK_SECONDS)

EXAMPLE = Example(
    Challenge(
        name="example",
        version=1,
        title="Example",
        year=2016,
        description="Three kinds of places.",
        tasks={
            NAME: Task(
                kind=NAME,
                title="Scene classification",
                headline="top_5_error",
                protocol=Protocol(confidence="derived", source="eval_cls.m"),
                splits={
                    "test": Split(
                        title="Test", images=3, held_out=True, limits=_LIMITS, image_names="val/image_{:04d}"
                    ),
                    "validation": Split(title="Validation", images=3, held_out=False, limits=_LIMITS),
                },
                categories=3,
                max_bytes=1000,
            )
        },
    ),
    predictions=b"val/image_0003.jpg 0 1 2 9 9 9\n\nval/image_0001.jpg,2,100000\n val/image_0002 1",
    truth=b"val/image_0001.jpg 2\nval/image_0003.jpg 0\nval/image_0002.jpg 1\n",
    broken=(
        b"",
        b"0 1 2\n1 2 0\n2 1 0\n",
        b"0 val/a.jpg\n1 val/b.jpg\n2 val/c.jpg\n",
        b"val/a.jpg;1;2\nval/b.jpg;1;2\n",
        b"image,l1\nval/image_0001.jpg 1\nval/image_0002.jpg 1\nval/image_0003.jpg 1\n",
        b"image_0001.jpg 1\nval/image_0002.jpg 1 -1 +1 1.5 \xe9 cat,,1 99999999999\r1\nval/image_0002.jpg 2\n\xff 3\n",
        b"val/image_0001.jpg\0 1\n",
        b"[[1, 2], [0], []]",
        b'{"val/image_0001.jpg": [1], "val/image_0001.jpg": [1.5], "x": []}',
    ),
    others=(
        ("ilsvrc", b"val/image_0001.jpg 1\nval/image_0002.jpg 2\nval/image_0003.jpg 3 1 2 1 1\n"),
        (
            "ilsvrc",
            b'{"predictions": {"val/image_0001.jpg": [1], "val/image_0003.jpg": [0], "val/image_0002.jpg": [2]}}',
        ),
        ("ilsvrc", b'{"val/image_0001": [], "val/image_0003": [0, 2], "val/image_0002.jpg": [2]}'),
        ("model-zoo", b"val/image_0001.jpg 1\n"),
    ),
)

_CHANCE_LEVEL = (
    "The score is at chance level, as if guessed without looking. Mostly ids are not those of this challenge's list, "
    "which count from 0, or names belong to other rows."
)


@dataclass(frozen=True, slots=True)
class Truth:
    """The images, and in their order what they show: (images, 1), ids plus 1."""

    roster: Roster
    labels: Numbers


@dataclass(frozen=True, slots=True)
class Parsed:
    """Aligned with the images: guesses (images, k), ids plus 1, 0 for no guess or one of no category."""

    case: Case
    guesses: Numbers
    notes: tuple[Note, ...]


@dataclass(frozen=True, slots=True)
class Scored:
    """The losses with the first guess, the first two, …"""

    losses: tuple[Losses, ...]
    notes: tuple[Note, ...]


def read_truth(case: Case, truth: Readable) -> Truth:
    """The true labels, in the grammar of predictions with one label a line.

    Raises `Unreadable`, also for a line with no label or several, and for one above the last category.
    """
    faults = FaultList(speech=NAMED_IDS)
    named = read_named(truth, 1, faults)
    faults.refuse()
    _judge_labels(case, named, faults)
    roster = Roster(list(dict.fromkeys(named.names)))
    rows = aligned(named, roster, case.images, faults)
    if case.images not in (None, roster.images):
        faults.add((wrong_count(case.images or 0, roster.images or 0),), 1)
    faults.refuse()
    return Truth(roster, _plus_one(rows.numbers))


def _plus_one(numbers: Numbers) -> Numbers:
    """Ids that leave 0 for no guess; the greatest number read stays, an unknown one."""
    return np.minimum(numbers, LARGEST - 1) + 1


def _judge_labels(case: Case, named: Named, faults: FaultList) -> None:
    labels, lengths = named.rows.numbers[:, 0], named.rows.lengths
    above = np.flatnonzero(labels >= case.categories) if case.categories else np.empty(0, np.intp)
    looks: tuple[tuple[Positions, str, str], ...] = (
        (np.flatnonzero(lengths == 0), "no-label", "has no label"),
        (np.flatnonzero(lengths > 1), "several-labels", "has several labels"),
        (above, "unknown-label", f"has a label above {(case.categories or 0) - 1:,}, the last category"),
    )
    for rows, code, what in looks:
        lines = named.lines[rows[:SHOWN_FAULTS]].tolist()
        faults.add(
            (Fault(code, f"The image {what}.", "Write one label of the challenge.", n, 1) for n in lines), len(rows)
        )


def parse(case: Case, predictions: Readable, truth: Truth | None) -> Parsed:
    """Read the predictions, as text or JSON, and put them in the order of the images' names."""
    if case.labels != "ilsvrc":
        Categories(case.categories, None).need_ranked(case.labels)
    roster = expected_roster(case.image_names, case.images) if truth is None else truth.roster
    # By words for ids that count from 0.
    with explaining(replace(case, labels="model-zoo"), predictions, roster.images, RULES):
        rows = _read(predictions, case, roster)
    guesses = np.where(_held(rows), _plus_one(rows.numbers), 0)
    named = Categories(case.categories, None).named(guesses, "ilsvrc")
    notes = (*_accepted(case, rows, named.unknown), *suspicions_of_named(case, Rows(guesses, rows.lengths)))
    # Rows are in the order of the images by now: where in the file the first one is, is not known.
    return Parsed(case, named.ids, tuple(each.model_copy(update={"first_line": None}) for each in notes))


def _read(predictions: Readable, case: Case, roster: Roster) -> Rows:
    faults = FaultList(speech=NAMED_IDS)
    if format_of(predictions) != "json":
        return aligned(read_named(predictions, case.guesses, faults), roster, case.images, faults)
    rows = read_json(predictions, case.guesses, roster.images, roster)
    if case.images not in (None, len(rows.lengths)):
        faults.add((wrong_count(case.images or 0, len(rows.lengths)),), 1)
    faults.refuse()
    return rows


def _held(rows: Rows) -> Mask:
    """Which of the numbers were in the file; the others only fill a shorter row."""
    held: Mask = np.arange(rows.numbers.shape[1]) < rows.lengths[:, None]
    return held


def _accepted(case: Case, rows: Rows, unknown: Mask) -> list[Note]:
    """What was accepted, though the official reader stops at it or its author may not have meant it."""
    k = case.guesses
    few = f"Rows hold fewer than {k} guesses, at which the official reader stops; each missing one is wrong."
    many = f"Rows hold more than {k} guesses, at which the official reader stops; the rest was ignored."
    above = f"Ids above {(case.categories or 0) - 1} count as wrong guesses."
    looks = (
        note("missing-guesses", rows.lengths < k, few),
        note("extra-guesses", rows.lengths > k, many),
        note("unknown-categories", unknown, above),
        _from_one(case, rows),
    )
    return [each for each in looks if each]


def _from_one(case: Case, rows: Rows) -> Note | None:
    """The last category plus one comes, 0 never, and nothing above: ids run from 1."""
    held = _held(rows)
    if not case.categories or int(rows.numbers.max(initial=0)) != case.categories or (held & (rows.numbers == 0)).any():
        return None
    sentence = f"Ids look like 1 to {case.categories}: here they count from 0, so subtract 1 from each."
    return note("looks-one-based", held & (rows.numbers == case.categories), sentence)


def describe(parsed: Parsed) -> Content:
    """How many images, and how many guesses in all."""
    counts = {"images": len(parsed.guesses), "guesses": int(np.count_nonzero(parsed.guesses))}
    return Content(counts, parsed.notes)


def score(parsed: Parsed, truth: Truth) -> Scored:
    """The losses with the first guess, the first two, …: 0 where one of them is right (eval_cls.m)."""
    losses = errors_by_guesses(parsed.guesses, truth.labels, flat, worst=1)
    if parsed.case.categories is None:
        return Scored(losses, parsed.notes)
    made = int(np.count_nonzero(parsed.guesses))
    return Scored(losses, (*parsed.notes, *chance_notes(losses[-1], made, parsed.case.categories, _CHANCE_LEVEL)))


def report(scored: Scored) -> Findings:
    """Means over all images and their intervals."""
    by_name = {f"top_{rank}_error": losses for rank, losses in enumerate(scored.losses, start=1)}
    means = {name: losses.mean() for name, losses in by_name.items()}
    return Findings(means, {name: intervals(losses) for name, losses in by_name.items()}, scored.notes)
