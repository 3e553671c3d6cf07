"""Queries for what S3 has lost: evaluations to be looked at, in order of their ends, and those that miss something."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import Select, delete, func, select, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.gateway.store import line, outbox
from services.gateway.tables import EvaluationRow, LossRow, OutboxRow, SubmissionRow

State = Literal["awaited", "differs", "lost"]


@dataclass(frozen=True, slots=True)
class Ended:
    """An evaluation with an outcome that a report tells, and where that report and the file are to be."""

    id: UUID
    attempt: int
    finished_at: datetime
    report_digest: str
    object_key: str

    @property
    def place(self) -> str:
        """How far one has come who has looked at this one."""
        return f"{self.finished_at.isoformat()} {self.id}"


def ended(session: Session, place: str | None, before: datetime, limit: int) -> Sequence[Ended]:
    """The next ones behind `place`, of those that ended before `before`."""
    query = _ended().where(EvaluationRow.finished_at < before)
    if place is not None:
        moment, _, evaluation = place.partition(" ")
        behind = tuple_(EvaluationRow.finished_at, EvaluationRow.id)
        query = query.where(behind > (datetime.fromisoformat(moment), UUID(evaluation)))
    return _found(session, query.order_by(EvaluationRow.finished_at, EvaluationRow.id).limit(limit))


def asked_before(session: Session, moment: datetime, limit: int) -> Sequence[Ended]:
    """Those that miss something and were not looked at since `moment`."""
    query = _ended().join(LossRow, LossRow.evaluation_id == EvaluationRow.id).where(LossRow.asked_at < moment)
    return _found(session, query.order_by(LossRow.asked_at).limit(limit))


def note(session: Session, evaluation: UUID, state: State, now: datetime) -> bool:
    """It was looked at, and misses something; True when that is news."""
    before = session.scalar(select(LossRow.state).where(LossRow.evaluation_id == evaluation))
    fresh = insert(LossRow).values(evaluation_id=evaluation, state=state, seen_at=now, asked_at=now)
    changes = {"state": state, "asked_at": now}
    session.execute(fresh.on_conflict_do_update(index_elements=["evaluation_id"], set_=changes))
    return before != state


def forget(session: Session, evaluation: UUID) -> None:
    """It misses nothing."""
    session.execute(delete(LossRow).where(LossRow.evaluation_id == evaluation))


def ask(session: Session, evaluation: UUID, attempt: int, now: datetime) -> None:
    """Have this attempt made anew, unless that waits in line already."""
    owed = OutboxRow.payload["evaluation"].astext == str(evaluation)
    if session.scalar(select(OutboxRow.id).where(OutboxRow.kind == "evaluate", owed).limit(1)) is None:
        row = session.get_one(EvaluationRow, evaluation)
        submission = session.get_one(SubmissionRow, row.submission_id)
        outbox.stand_in_line(session, evaluation, attempt, submission, line.ANEW, now)


def is_awaited(session: Session, evaluation: UUID, attempt: int) -> bool:
    """Whether the report of this attempt is to be made anew."""
    query = select(LossRow.state).join(EvaluationRow, EvaluationRow.id == LossRow.evaluation_id)
    found = query.where(LossRow.evaluation_id == evaluation, EvaluationRow.attempt == attempt)
    return session.scalar(found) == "awaited"


def counts(session: Session) -> dict[str, int]:
    """How many there are, by state."""
    query = select(LossRow.state, func.count().label("number")).group_by(LossRow.state)
    return {row.state: row.number for row in session.execute(query)}


def some(session: Session, limit: int) -> Sequence[LossRow]:
    """Those that nothing makes anew, the oldest first."""
    query = select(LossRow).where(LossRow.state != "awaited")
    return session.scalars(query.order_by(LossRow.seen_at).limit(limit)).all()


def _found(session: Session, query: Select[UUID, int, datetime | None, str | None, str]) -> list[Ended]:
    found = []
    for evaluation, attempt, finished_at, digest, object_key in session.execute(query):
        assert finished_at is not None, "it is over"
        assert digest is not None, "the query wants one"
        found.append(Ended(evaluation, attempt, finished_at, digest, object_key))
    return found


def _ended() -> Select[UUID, int, datetime | None, str | None, str]:
    return (
        select(
            EvaluationRow.id,
            EvaluationRow.attempt,
            EvaluationRow.finished_at,
            EvaluationRow.report_digest,
            SubmissionRow.object_key,
        )
        .join(SubmissionRow, SubmissionRow.id == EvaluationRow.submission_id)
        .where(EvaluationRow.state.in_(("scored", "rejected")), EvaluationRow.report_digest.is_not(None))
    )
