"""What an evaluation found. Written by the scorer, stored in S3, shown by the gateway.

Holds no ids, times or host facts: the same file, truth, definition and scorer give the same bytes.
"""

from typing import Literal

from pydantic import Field

from shared.challenge import Protocol
from shared.digests import Digest, canonical_json
from shared.errors import Fault, Unreadable
from shared.model import Model

LEVELS = ("95", "99.9")
"""The intervals every report has, in per cent; 99.9 is the challenge's own (IJCV 2015, table 8)."""


class Interval(Model):
    """A percentile bootstrap interval over images, both ends included."""

    low: float
    high: float


class FaultLine(Model):
    """A `Fault` as it travels."""

    code: str
    sentence: str
    remedy: str
    line: int | None = None
    column: int | None = None


class Note(Model):
    """Something accepted that its author should know of: how often, and where first."""

    code: str
    sentence: str
    count: int = Field(ge=1)
    first_line: int | None = None


class Provenance(Model):
    """What was judged by what."""

    scorer: str
    definition: Digest
    truth: Digest
    submission: Digest


class Failure(Model):
    """Why there is no score, in one sentence: the file's fault (rejected) or ours (failed)."""

    code: str
    sentence: str
    remedy: str = ""


class Report(Model):
    """The outcome of one evaluation.

    scored: `metrics` (full precision) and `intervals` (metric → level → ends).
    rejected: `failure` and `faults`, the first 20 of `fault_count`.
    failed: `failure`; nothing is charged.
    """

    outcome: Literal["scored", "rejected", "failed"]
    challenge: str
    version: int
    task: str
    split: str
    protocol: Protocol
    headline: str
    metrics: dict[str, float] = {}
    intervals: dict[str, dict[str, Interval]] = {}
    notes: tuple[Note, ...] = ()
    failure: Failure | None = None
    faults: tuple[FaultLine, ...] = ()
    fault_count: int = 0
    provenance: Provenance

    def canonical(self) -> bytes:
        """The one spelling of this report; its SHA-256 is the report's digest."""
        return canonical_json(self.model_dump(mode="json"))


def fault_line(fault: Fault) -> FaultLine:
    """`fault`, ready to travel."""
    return FaultLine(
        code=fault.code, sentence=fault.sentence, remedy=fault.remedy, line=fault.line, column=fault.column
    )


def failure_of(refusal: Unreadable) -> Failure:
    """Why a file was rejected."""
    return Failure(code=refusal.code, sentence=refusal.sentence, remedy=refusal.remedy)
