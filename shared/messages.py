"""Everything the services say to one another: the job, the scorer's notices, reservations, events.

gateway → quota      ReservationRequest, Settlement; answers Reservation, Standing, Statement
courier → scorer     Job, CheckJob (JSON, over Redis, each in a lane of its own)
scorer  → gateway    Notice (signed webhook), thin: the report in S3 is the truth
                     CheckNotice, which carries all that a dry run found: somebody waits for it, nobody keeps it
scorer  → courier    Alive, a sign of life in Redis
courier → teams      Event (signed webhook)
"""

from abc import abstractmethod
from datetime import datetime, timedelta
from typing import Any, ClassVar, Literal
from uuid import UUID

from pydantic import Field

from shared.challenge import Name, Numbering
from shared.digests import Digest
from shared.model import Model
from shared.report import Check, Failure

NOTICE_EVENT = "evaluation.notice"

EventType = Literal["evaluation.scored", "evaluation.rejected", "evaluation.failed", "endpoint.disabled"]
"""What teams are told: of their submissions, and of an endpoint of theirs that hears nothing more."""

DISABLED_EVENT: EventType = "endpoint.disabled"

TEST_EVENT = "endpoint.test"
"""What an endpoint is sent to be tried; it speaks of no submission."""


def event_name(event: UUID) -> str:
    """How teams see an event's id: as `webhook-id`, in the feed and in the log of deliveries."""
    return f"msg_{event.hex}"


def job_id(evaluation: UUID, attempt: int) -> str:
    """The queue's name for one attempt."""
    return f"{evaluation}:{attempt}"


class Alive(Model):
    """One worker of a lane. `version` is that of the scoring rules, empty where a worker from before does not say it."""

    name: str
    lane: str
    slots: int
    running: int
    version: str


class FileJob(Model):
    """Do something with this sealed file. Carries no address: where to report is a setting of the scorer.

    `lane` is the queue that its kind goes through, `life` how long the queue keeps it: one may stand for long.
    """

    lane: ClassVar[str]
    life: ClassVar[timedelta]

    submission_key: str
    submission_digest: Digest
    submission_bytes: int = Field(ge=0)
    definition: Digest
    task: Name
    split: Name
    labels: Numbering = "ilsvrc"

    @property
    @abstractmethod
    def job_id(self) -> str:
        """The queue's name for this job: enqueuing it twice is enqueuing it once."""


class Job(FileJob):
    """Score the file."""

    lane = "evaluations"
    life = timedelta(days=30)

    evaluation: UUID
    attempt: int = Field(ge=1)
    truth: Digest

    @property
    def job_id(self) -> str:
        """The name of this attempt."""
        return job_id(self.evaluation, self.attempt)


class CheckJob(FileJob):
    """Read the file and say what it holds; a dry run, told no truth. Nobody waits longer than `wait_seconds` for it."""

    lane = "checks"
    life = timedelta(minutes=10)

    check: UUID
    wait_seconds: float = Field(gt=0, le=300)

    @property
    def job_id(self) -> str:
        """The name of this dry run."""
        return f"check:{self.check}"


class Notice(Model):
    """The scorer rings a bell about one attempt. `started` and `stage` may be lost; `done` is swept for.

    `run` counts how often the queue has handed this attempt out (1 unless a scorer died);
    `timings` are seconds by stage, for people who wait.
    """

    kind: Literal["started", "stage", "done"]
    evaluation: UUID
    attempt: int = Field(ge=1)
    run: int = Field(ge=1)
    scorer: str
    stage: str | None = None
    report_digest: Digest | None = None
    timings: dict[str, float] = {}


class CheckNotice(Model):
    """The scorer says what a dry run found; or why it found nothing, where the file was more than the sandbox bears."""

    kind: Literal["checked"] = "checked"
    check: UUID
    scorer: str
    found: Check | None = None
    failure: Failure | None = None


class ReservationRequest(Model):
    """Hold a place in `pool` for `submission`. The limits are the definition's; quota knows no challenge."""

    submission: UUID
    team: UUID
    pool: Name
    places: int = Field(ge=1, le=100_000)
    window_seconds: int = Field(ge=1, le=366 * 24 * 3600)
    hold_seconds: int = Field(ge=1, le=7 * 24 * 3600)
    forgiven_per_day: int | None = Field(default=None, ge=1, le=1000)


class Settlement(Model):
    """What became of a held place: spent when the file was sealed; returned with whose fault it was."""

    to: Literal["spent", "returned"]
    fault: Literal["theirs", "ours"] | None = None


class PlaceTaken(Model):
    """One place in use: by which submission, since when, and when it comes back."""

    submission: UUID = Field(examples=["7a6f3f0e-6a0e-4a8e-9c0e-0d9d6f1f2b11"])
    state: Literal["held", "spent"] = Field(examples=["spent"], description="held: its upload is still under way")
    taken_at: datetime = Field(examples=["2026-01-31T12:00:00Z"])
    returns_at: datetime = Field(examples=["2026-02-07T12:00:00Z"])


class Standing(Model):
    """A team's standing in a pool, right now by the ledger's clock. `next_free_at` is None while a place is free."""

    pool: Name = Field(examples=["ilsvrc-classification-localization-2012"])
    places: int = Field(examples=[2], description="how many there are in any window")
    window_seconds: int = Field(examples=[604800])
    remaining: int = Field(examples=[1])
    next_free_at: datetime | None = Field(examples=["2026-02-07T12:00:00Z"], description="null while a place is free")
    taken: tuple[PlaceTaken, ...] = Field(description="the places in use, the first to come back first")
    now: datetime = Field(examples=["2026-01-31T12:00:00Z"], description="the ledger's clock")


class PlaceReturned(Model):
    """One place given back: released before its file was sealed or refunded after it, and by whose fault."""

    submission: UUID
    state: Literal["released", "refunded"]
    fault: Literal["theirs", "ours"]
    taken_at: datetime
    returned_at: datetime


class Statement(Standing):
    """A standing with what explains it: the places of the pool given back in the last 24 h, newest first, and how many
    rejected files are still forgiven (None: all).
    """

    given_back: tuple[PlaceReturned, ...]
    forgiven_left: int | None


class Reservation(Model):
    """The state of one submission's place, and the team's standing after it."""

    submission: UUID
    state: Literal["held", "spent", "released", "refunded"]
    standing: Standing


class Event(Model):
    """What teams' endpoints receive: Standard Webhooks' `{type, timestamp, data}`.

    `data.sequence` counts the events of one submission; what speaks of an endpoint has none.
    """

    type: EventType | Literal["endpoint.test"]
    timestamp: datetime
    data: dict[str, Any]
