"""Queries for figures of the whole: how long evaluations take and how they end, what waits and since when.

Each reads an index: `/status` asks them every few seconds, the doctor once.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from services.gateway.lifecycle import OPEN_STATES, Outcome
from services.gateway.tables import EvaluationRow, OutboxRow, SubmissionRow


@dataclass(frozen=True, slots=True)
class Durations:
    """From a sealed upload to its first outcome, in seconds; None where there was none to count."""

    count: int
    p50_seconds: float | None
    p90_seconds: float | None


@dataclass(frozen=True, slots=True)
class Waiting:
    """Open evaluations: those that wait with the moment since which the oldest does, and those that run."""

    queued: int
    oldest_queued_at: datetime | None
    running: int
    oldest_heard_at: datetime | None


@dataclass(frozen=True, slots=True)
class Owed:
    """What the outbox owes of one kind: how many deeds are due, and since when the first."""

    kind: str
    due: int
    oldest_due_at: datetime


def durations(session: Session, since: datetime) -> Durations:
    """Upload → score or rejection, of what was finished since then; evaluations made anew are not counted."""
    earlier = aliased(EvaluationRow)
    is_anew = (
        select(earlier.id)
        .where(earlier.submission_id == EvaluationRow.submission_id, earlier.created_at < EvaluationRow.created_at)
        .exists()
    )
    seconds = func.extract("epoch", EvaluationRow.finished_at - SubmissionRow.sealed_at)
    query = (
        select(
            func.count(),
            func.percentile_cont(0.5).within_group(seconds),
            func.percentile_cont(0.9).within_group(seconds),
        )
        .join(SubmissionRow, SubmissionRow.id == EvaluationRow.submission_id)
        .where(EvaluationRow.finished_at >= since, EvaluationRow.state.in_(("scored", "rejected")), ~is_anew)
    )
    count, half, most = session.execute(query).one()
    return Durations(count, _number(half), _number(most))


def outcomes(session: Session, since: datetime) -> dict[Outcome, int]:
    """How many evaluations ended how since then."""
    query = (
        select(EvaluationRow.state, func.count())
        .where(EvaluationRow.finished_at >= since)
        .group_by(EvaluationRow.state)
    )
    found = {row[0]: row[1] for row in session.execute(query)}
    return {"scored": found.get("scored", 0), "rejected": found.get("rejected", 0), "failed": found.get("failed", 0)}


def failures(session: Session, since: datetime) -> dict[str, int]:
    """Why evaluations failed since then, by code: our own faults, the most frequent first."""
    code = EvaluationRow.failure["code"].astext
    query = (
        select(func.coalesce(code, "unknown"), func.count())
        .where(EvaluationRow.finished_at >= since, EvaluationRow.state == "failed")
        .group_by(code)
        .order_by(func.count().desc())
    )
    return {row[0]: row[1] for row in session.execute(query)}


def waiting(session: Session) -> Waiting:
    """What is open now."""
    query = (
        select(EvaluationRow.state, func.count(), func.min(EvaluationRow.created_at), func.min(EvaluationRow.heard_at))
        .where(EvaluationRow.state.in_(OPEN_STATES))
        .group_by(EvaluationRow.state)
    )
    found = {state: (count, oldest, heard) for state, count, oldest, heard in session.execute(query)}
    queued, running = found.get("queued", (0, None, None)), found.get("running", (0, None, None))
    return Waiting(queued[0], queued[1], running[0], running[2])


def owed(session: Session, now: datetime) -> list[Owed]:
    """What is due by now and not under way, kind by kind."""
    query = (
        select(OutboxRow.kind, func.count(), func.min(OutboxRow.next_attempt_at))
        .where(OutboxRow.given_up_at.is_(None), OutboxRow.next_attempt_at <= now)
        .group_by(OutboxRow.kind)
        .order_by(OutboxRow.kind)
    )
    return [Owed(kind, due, oldest) for kind, due, oldest in session.execute(query)]


def _number(value: object) -> float | None:
    return None if value is None else float(str(value))
