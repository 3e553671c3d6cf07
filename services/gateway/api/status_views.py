"""What the API shows of the whole: the same figures as the page `/status`."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from services.gateway.api.views import MOMENT
from services.gateway.status.state import Condition, Figures, Span, Status
from services.gateway.store.fleet import Fleet
from shared.messages import CheckJob, Job
from shared.report import Counts
from shared.version import VERSION


class ServerPartView(BaseModel):
    """One thing that teams rely on."""

    name: str = Field(examples=["scoring"], description="`submissions`, `scoring` or `webhooks`")
    condition: Condition = Field(examples=["working"])
    sentence: str = Field(examples=["2 scorers alive, 2 evaluations at once"])


class StatusSpanView(BaseModel):
    """What was done since some moment. Times run from the sealed upload to its outcome; new evaluations of old files are
    counted among the outcomes only.
    """

    since: datetime = Field(examples=[MOMENT])
    timed: int = Field(examples=[120], description="how many uploads the times are of")
    p50_seconds: float | None = Field(examples=[1.2], description="half were quicker than this; null: there were none")
    p90_seconds: float | None = Field(examples=[3.4], description="nine of ten were quicker than this")
    scored: int = Field(examples=[110])
    rejected: int = Field(examples=[10], description="the file's fault")
    failed: int = Field(examples=[0], description="our fault: refunded")
    failures: Counts = Field(examples=[{"never-finished": 1}], description="those that failed, by code")


class ServerQueueView(BaseModel):
    """What is under way."""

    queued: int = Field(examples=[3])
    running: int = Field(examples=[2])
    oldest_seconds: float | None = Field(examples=[4.5], description="how long the oldest has been waiting")


class ScorersView(BaseModel):
    """Who scores, as a courier saw it last."""

    seen_at: datetime = Field(examples=[MOMENT])
    alive: int = Field(examples=[2])
    slots: int = Field(examples=[2], description="evaluations at once")
    check_slots: int = Field(examples=[2], description="dry runs at once")
    versions: list[str] = Field(examples=[["0.2.0"]], description="versions of the scoring rules at work")


class RehearsalView(BaseModel):
    """The last rehearsal of a restore from the backup."""

    at: datetime = Field(examples=[MOMENT])
    seconds: float = Field(examples=[41.5], description="how long the restore took")
    submissions: int = Field(examples=[10000], description="how many were back")
    rpo_seconds: float = Field(examples=[12.0], description="how much of the newest work the backup did not have")
    identical: bool = Field(examples=[True], description="whether boards and reports were the same as before")


class StatusView(BaseModel):
    """The whole. What comes from the database is null while that does not answer."""

    state: Literal["working", "trouble"] = Field(examples=["working"])
    at: datetime = Field(examples=[MOMENT])
    up_since: datetime = Field(examples=[MOMENT], description="when this gateway was started")
    version: str = Field(examples=["0.2.0"], description="of the scoring rules")
    parts: list[ServerPartView]
    today: StatusSpanView | None = Field(description="since midnight UTC")
    week: StatusSpanView | None = Field(description="the last 7 days")
    queue: ServerQueueView | None = Field(description="open evaluations")
    scorers: ScorersView | None = Field(description="null: no courier has counted them yet")
    last_rehearsal: RehearsalView | None = Field(description="null: none was recorded")


def status_view(status: Status) -> StatusView:
    """`status` as it is shown."""
    found = status.figures
    return StatusView(
        state="working" if status.is_working else "trouble",
        at=status.at,
        up_since=status.up_since,
        version=VERSION,
        parts=[
            ServerPartView(name=part.name, condition=part.condition, sentence=part.sentence) for part in status.parts
        ],
        today=_span(found.today) if found else None,
        week=_span(found.week) if found else None,
        queue=_queue(found, status.at) if found else None,
        scorers=_scorers(found.fleet) if found and found.fleet else None,
        last_rehearsal=_rehearsal(found) if found else None,
    )


def _span(span: Span) -> StatusSpanView:
    times = span.durations
    return StatusSpanView(
        since=span.since,
        timed=times.count,
        p50_seconds=times.p50_seconds,
        p90_seconds=times.p90_seconds,
        failures=span.failures,
        **span.outcomes,
    )


def _queue(found: Figures, now: datetime) -> ServerQueueView:
    waiting = found.waiting
    oldest = (now - waiting.oldest_queued_at).total_seconds() if waiting.oldest_queued_at else None
    return ServerQueueView(queued=waiting.queued, running=waiting.running, oldest_seconds=oldest)


def _scorers(fleet: Fleet) -> ScorersView:
    return ScorersView(
        seen_at=fleet.at,
        alive=len(fleet.names(Job.lane)),
        slots=fleet.slots(Job.lane),
        check_slots=fleet.slots(CheckJob.lane),
        versions=sorted({worker.version for worker in fleet.workers if worker.version}),
    )


def _rehearsal(found: Figures) -> RehearsalView | None:
    row = found.rehearsal
    names = RehearsalView.model_fields
    return RehearsalView.model_validate({name: getattr(row, name) for name in names}) if row else None
