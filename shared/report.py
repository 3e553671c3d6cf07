"""What an evaluation found. Written by the scorer, stored in S3, shown by the gateway.

Holds no ids, times or host facts: the same file, truth, definition and scorer give the same bytes.
"""

from typing import Annotated, Literal

from pydantic import Field, WithJsonSchema
from typing_extensions import TypeAliasType

from shared.challenge import Numbering, Protocol
from shared.digests import Digest, canonical_json
from shared.errors import Fault, Unreadable
from shared.model import Model

REPORT_BYTES = 64 * 2**20
"""The largest report read: curves of 200 categories in JSON are some 10 MB."""

LEVELS = ("95", "99.9")
"""The intervals every report has, in per cent; 99.9 is the challenge's own (IJCV 2015, table 8)."""


class Interval(Model):
    """A percentile bootstrap interval over images, both ends included."""

    low: float = Field(examples=[0.1494])
    high: float = Field(examples=[0.1569])


LabelsWord = Annotated[Numbering, WithJsonSchema({"type": "string"})]
"""A numbering, as answers tell it: clients of today read those that will be added."""

# Named, so that they have names in the OpenAPI document, and in clients that are made of it.
Metrics = TypeAliasType("Metrics", dict[str, float])
Counts = TypeAliasType("Counts", dict[str, int])
Levels = TypeAliasType("Levels", dict[str, Interval])
Intervals = TypeAliasType("Intervals", dict[str, Levels])
CategoryMetrics = TypeAliasType("CategoryMetrics", dict[str, float | None])


class FaultLine(Model):
    """A `Fault` as it travels."""

    code: str = Field(examples=["not-a-whole-number"])
    sentence: str = Field(examples=["'7.5' is not written as a whole number."])
    remedy: str = Field(examples=["Write whole numbers: 7, not 7.0 or 7e0."])
    line: int | None = Field(None, examples=[3], description="from 1")
    column: int | None = Field(None, examples=[5], description="in bytes, from 1")
    pointer: str | None = Field(
        None,
        examples=["/models/3/name"],
        description="where in a JSON document (RFC 6901); it is not there where nothing is pointed at",
        exclude_if=lambda pointer: pointer is None,
    )


class Note(Model):
    """Something accepted that its author should know of: how often, and where first."""

    code: str = Field(description="the task's page lists them")
    sentence: str = Field(description="what was found, and what it meant for the score")
    count: int = Field(ge=1, examples=[17])
    first_line: int | None = Field(None, examples=[4])


class CategoryLine(Model):
    """What was found for one category; a metric that has no value (no positives, say) is null."""

    id: int = Field(examples=[1])
    name: str = Field(examples=["accordion"])
    metrics: CategoryMetrics = Field(examples=[{"average_precision": 0.564}])
    counts: Counts = Field({}, examples=[{"positives": 78}])


AVERAGE_PRECISION = "average_precision"
"""The metric of a `CategoryLine` by which categories are won."""


class Curve(Model):
    """One category's precision–recall curve: a point for each step of recall, both from 0 to 1, recall ascending."""

    category: int = Field(examples=[1], description="the category's id")
    recall: tuple[float, ...] = Field(examples=[(0.1, 0.2)])
    precision: tuple[float, ...] = Field(examples=[(1.0, 0.5)])


class Provenance(Model):
    """What was judged by what."""

    scorer: str = Field(examples=["0.1.0"], description="the scorer's version")
    definition: Digest = Field(description="SHA-256 of the published definition")
    truth: Digest = Field(description="SHA-256 of the ground truth")
    submission: Digest = Field(description="SHA-256 of the file, decompressed")
    labels: LabelsWord = Field("ilsvrc", description="how the file names categories")


class Failure(Model):
    """Why there is no score, in one sentence: the file's fault (rejected) or ours (failed)."""

    code: str = Field(examples=["other-separator"])
    sentence: str = Field(examples=["Ids are separated by semicolons ('771;778;794;387;650')."])
    remedy: str = Field("", examples=["Separate ids by spaces, tabs or single commas."])


class Report(Model):
    """The outcome of one evaluation.

    scored: `metrics` (full precision) and `intervals` (metric → level → ends).
    rejected: `failure` and `faults`, the first 20 of `fault_count`.
    failed: `failure`; nothing is charged.
    """

    outcome: Literal["scored", "rejected", "failed"] = Field(examples=["scored"])
    challenge: str = Field(examples=["ilsvrc2012"])
    version: int = Field(examples=[1], description="of the definition")
    task: str = Field(examples=["classification"])
    split: str = Field(examples=["test"])
    protocol: Protocol
    headline: str = Field(examples=["top_5_error"], description="the metric that is shown first")
    metrics: Metrics = Field({}, examples=[{"top_1_error": 0.36, "top_5_error": 0.15315}])
    intervals: Intervals = Field({}, examples=[{"top_5_error": {"99.9": {"low": 0.1494, "high": 0.1569}}}])
    categories: tuple[CategoryLine, ...] = Field(
        (), description="category by category, where the task has such figures"
    )
    curves: tuple[Curve, ...] = Field((), description="where the task has them")
    notes: tuple[Note, ...] = Field((), description="what was accepted and is worth knowing")
    failure: Failure | None = Field(None, description="why there is no score")
    faults: tuple[FaultLine, ...] = Field((), description="the first 20, by place")
    fault_count: int = Field(0, examples=[0], description="all of them")
    provenance: Provenance

    def canonical(self) -> bytes:
        """The one spelling of this report; its SHA-256 is the report's digest."""
        return canonical_json(self.model_dump(mode="json"))


class Check(Model):
    """The outcome of one dry run: what a file holds, or why it would be rejected. No score, nor anything a truth decides.

    accepted: `counts` and `notes`. rejected: `failure` and `faults`, the first 20 of `fault_count`.
    """

    outcome: Literal["accepted", "rejected"] = Field(examples=["accepted"])
    challenge: str | None = Field(None, examples=["ilsvrc2012"], description="null offline, without a definition")
    version: int | None = Field(None, examples=[1], description="of the definition")
    task: str = Field(examples=["classification"])
    split: str | None = Field(None, examples=["test"], description="null where any number of images is taken")
    labels: LabelsWord = Field("ilsvrc", description="how the file names categories")
    counts: Counts = Field({}, examples=[{"images": 100_000, "guesses": 500_000}])
    notes: tuple[Note, ...] = Field((), description="what was accepted and is worth knowing")
    failure: Failure | None = Field(None, description="why it would be rejected")
    faults: tuple[FaultLine, ...] = Field((), description="the first 20, by place")
    fault_count: int = Field(0, examples=[0], description="all of them")

    def canonical(self) -> bytes:
        """The one spelling of this check."""
        return canonical_json(self.model_dump(mode="json"))


def fault_line(fault: Fault) -> FaultLine:
    """`fault`, ready to travel."""
    return FaultLine(
        code=fault.code,
        sentence=fault.sentence,
        remedy=fault.remedy,
        line=fault.line,
        column=fault.column,
        pointer=fault.pointer,
    )


def failure_of(refusal: Unreadable) -> Failure:
    """Why a file was rejected."""
    return Failure(code=refusal.code, sentence=refusal.sentence, remedy=refusal.remedy)
