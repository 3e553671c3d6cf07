"""Age: how old is the person in each image? One number of years a line; the mean distance from the truth decides.

A whole task in one module. The shape, and what each part may do, is in `services/scorer/protocol.py`.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from services.scorer.formats.blocks import Readable
from services.scorer.formats.faults import FaultList, wrong_count
from services.scorer.formats.table import Decimals, Grammar, read_table
from services.scorer.formats.table_kernel import DECIMAL
from services.scorer.formats.wording import Speech
from services.scorer.metrics.rounds import drawn, ends
from services.scorer.protocol import Case, Content, Example, Findings
from shared.challenge import WEEK_SECONDS, Challenge, Limits, Protocol, Split, Task
from shared.errors import SHOWN_FAULTS, Fault
from shared.report import Note

NAME = "age"
"""What definitions say: kind = "age". A metric that ends with _error sorts down."""

OLDEST = 122
"""Years that a person has been known to reach."""

GRAMMAR = Grammar({"age": DECIMAL}, Speech(numbers="ages", rows="one age in years per image", blank_line=""))

_LIMITS = Limits(pool="example", places=2, window_seconds=WEEK_SECONDS)

EXAMPLE = Example(
    Challenge(
        name="example",
        version=1,
        title="Example",
        year=2026,
        description="Three portraits.",
        tasks={
            NAME: Task(
                kind=NAME,
                title="Age",
                headline="mean_absolute_error",
                protocol=Protocol(confidence="derived", source="the mean of |age − true age|"),
                splits={"test": Split(title="Test", images=3, held_out=True, limits=_LIMITS)},
                categories=1,
                max_bytes=1000,
                format="A text file with one line per image: the person's age in years.",
                sample="31.5\n8\n64\n",
            )
        },
    ),
    predictions=b"31.5\n8\n200\n",
    truth=b"30\n8\n64\n",
    broken=(b"", b"30\nold\n64\n", b"30\n-1\n64\n", b"30 31\n"),
)
"""The sandbox runs it once, when a scorer starts: afterwards nothing can be imported or opened any more."""


@dataclass(frozen=True, slots=True)
class Ages:
    """(images,) years, in the order of the images; what was accepted and is worth knowing."""

    years: Decimals
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True, slots=True)
class Scored:
    """(images,) how far off each age is."""

    distances: Decimals
    notes: tuple[Note, ...]


def read_truth(case: Case, truth: Readable) -> Ages:
    """The grammar of predictions: then the truth, submitted, is perfect."""
    return _read(truth, case.images)


def parse(case: Case, predictions: Readable, truth: Ages | None) -> Ages:
    """All doubt about a file ends here. Raises `Unreadable` with faults by line and column, whatever its bytes are."""
    ages = _read(predictions, case.images if truth is None else len(truth.years))
    old = ages.years > OLDEST
    if not old.any():
        return ages
    sentence = f"Ages above {OLDEST}: were months meant?"
    note = Note(code="very-old", sentence=sentence, count=int(old.sum()), first_line=int(old.argmax()) + 1)
    return Ages(ages.years, (note,))


def _read(data: Readable, images: int | None) -> Ages:
    table = read_table(data, GRAMMAR)
    years = table.values[0]
    faults = FaultList()
    negative = np.flatnonzero(years < 0)
    told = table.faults("negative-age", negative[:SHOWN_FAULTS].tolist(), 0, "{0} is no age.", "Write years from 0 on.")
    faults.add(told, len(negative))
    if images not in (None, len(years)):
        faults.add(_miscounted(images or 0, len(years)), 1)
    faults.refuse()
    return Ages(years)


def _miscounted(images: int, lines: int) -> tuple[Fault, ...]:
    return (wrong_count(images, lines),)


def describe(parsed: Ages) -> Content:
    """For a dry run: what the file holds, and nothing that the truth decides."""
    return Content({"images": len(parsed.years)}, parsed.notes)


def score(parsed: Ages, truth: Ages) -> Scored:
    """Arithmetic, image by image."""
    distances: NDArray[np.float64] = np.abs(parsed.years - truth.years)
    return Scored(distances, parsed.notes)


def report(scored: Scored) -> Findings:
    """The mean over images, and its intervals: the percentile bootstrap that the built-in tasks use."""
    images = len(scored.distances)
    means = np.concatenate([times @ scored.distances / images for times in drawn(images)])
    within = float((scored.distances <= 5).mean())
    metrics = {"mean_absolute_error": float(scored.distances.mean()), "within_five_years": within}
    return Findings(metrics, {"mean_absolute_error": ends(means)}, scored.notes)
