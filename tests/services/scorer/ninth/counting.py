"""Counting: how many objects are in each image? One whole number a line; right is only the very number."""

from dataclasses import dataclass

import numpy as np

from services.scorer.formats.blocks import Readable
from services.scorer.formats.rows import Numbers, read_rows
from services.scorer.metrics.intervals import intervals
from services.scorer.metrics.losses import Losses
from services.scorer.protocol import Case, Content, Example, Findings
from shared.challenge import WEEK_SECONDS, Challenge, Limits, Protocol, Split, Task
from shared.report import Note

NAME = "counting"

EXAMPLE = Example(
    Challenge(
        name="example",
        version=1,
        title="Example",
        year=2018,
        description="Three images with objects to count.",
        tasks={
            NAME: Task(
                kind=NAME,
                title="Counting",
                headline="count_error",
                protocol=Protocol(confidence="recalled", source="a toy"),
                splits={
                    "test": Split(
                        title="Test",
                        images=3,
                        held_out=True,
                        limits=Limits(pool="example", places=2, window_seconds=WEEK_SECONDS),
                    )
                },
                categories=1,
                max_bytes=1000,
            )
        },
    ),
    predictions=b"2\n0\n7\n",
    truth=b"2\n1\n7\n",
    broken=(b"", b"2\nmany\n7\n", b"2\n"),
)


@dataclass(frozen=True, slots=True)
class Counts:
    """How many objects each image has: (images,)."""

    counts: Numbers
    notes: tuple[Note, ...] = ()


def read_truth(case: Case, truth: Readable) -> Counts:
    """The same grammar as that of predictions."""
    return Counts(read_rows(truth, 1, case.images).numbers[:, 0])


def parse(case: Case, predictions: Readable, truth: Counts | None) -> Counts:
    """One number a line. Raises `Unreadable`, with every fault counted."""
    images = case.images if truth is None else len(truth.counts)
    rows = read_rows(predictions, 1, images)
    longer = int(np.count_nonzero(rows.lengths > 1))
    sentence = "Numbers after the first of a line were ignored."
    return Counts(rows.numbers[:, 0], (Note(code="extra-numbers", sentence=sentence, count=longer),) if longer else ())


def describe(parsed: Counts) -> Content:
    """How many images, and how many objects in all."""
    return Content({"images": len(parsed.counts), "objects": int(parsed.counts.sum())}, parsed.notes)


def score(parsed: Counts, truth: Counts) -> tuple[Losses, tuple[Note, ...]]:
    """1 for each image with another number, else 0."""
    return Losses((parsed.counts != truth.counts).astype(np.uint8), 1), parsed.notes


def report(scored: tuple[Losses, tuple[Note, ...]]) -> Findings:
    """The share of images that are wrong."""
    losses, notes = scored
    return Findings({"count_error": losses.mean()}, {"count_error": intervals(losses)}, notes)
