"""Queries for requests remembered by their Idempotency-Key."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, delete, exists, func, literal_column, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.gateway.tables import RequestRow, SubmissionRow


@dataclass(frozen=True, slots=True)
class Remembered:
    """A key that is in use, and the submission that it stands for: open or sealed."""

    request: RequestRow
    submission: SubmissionRow


def find(session: Session, team: UUID, key: str) -> Remembered | None:
    """The request under this key; None when there was none, or its submission was abandoned."""
    row = session.execute(
        select(RequestRow, SubmissionRow)
        .join(SubmissionRow, SubmissionRow.id == RequestRow.submission_id)
        .where(RequestRow.team_id == team, RequestRow.key == key, SubmissionRow.state != "abandoned")
    ).one_or_none()
    return Remembered(row[0], row[1]) if row else None


def claim(session: Session, request: RequestRow) -> bool:
    """Take a key that is free or whose submission was abandoned; False when somebody has it.

    Of two who take over the same key, the second waits for the first and then sees its new submission, which is not
    abandoned.
    """
    content = {column.key: getattr(request, column.key) for column in RequestRow.__table__.columns}
    # By its name: SQLAlchemy does not see that the row in question is meant, and would ask whether any request is free.
    of_this_key: ColumnElement[UUID] = literal_column("requests.submission_id")
    given_up = exists().where(SubmissionRow.id == of_this_key, SubmissionRow.state == "abandoned")
    taken = (
        insert(RequestRow)
        .values(content)
        .on_conflict_do_update(index_elements=["team_id", "key"], set_=content, where=given_up)
    )
    return session.execute(taken.returning(RequestRow.key)).first() is not None


def point_to(session: Session, submission: UUID, earlier: UUID) -> None:
    """The request that began `submission` is answered by an earlier one, unless it was answered when that began."""
    reused = or_(RequestRow.reused, RequestRow.answer.is_(None))
    session.execute(
        update(RequestRow).where(RequestRow.submission_id == submission).values(submission_id=earlier, reused=reused)
    )


def answer(session: Session, team: UUID, key: str, submission: UUID, content: str) -> str:
    """Keep the answer unless there is one; returns the one that is kept."""
    first = func.coalesce(RequestRow.answer, content)
    mine = (RequestRow.team_id == team, RequestRow.key == key, RequestRow.submission_id == submission)
    kept = session.scalar(update(RequestRow).where(*mine).values(answer=first).returning(RequestRow.answer))
    return kept or content


def forget_before(session: Session, moment: datetime) -> int:
    """Forget what was asked before `moment`; returns how many requests that were."""
    forgotten = delete(RequestRow).where(RequestRow.created_at < moment).returning(RequestRow.key)
    return len(session.scalars(forgotten).all())
