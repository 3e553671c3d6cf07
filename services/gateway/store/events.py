"""Queries for events: what teams are told, by webhook to their endpoints and by the feed that they pull.

A team's feed misses nobody: `position` is taken from the team's row, which stays locked until the event can be seen. So
whoever has read position n has had every smaller one in sight, however long its transaction took.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import delete, exists, func, select, update
from sqlalchemy.orm import Session, aliased

from services.gateway.store import deliveries
from services.gateway.store.endpoints import takers
from services.gateway.tables import EventRow, SubmissionRow, TeamRow
from shared.database import notify

CHANNEL = "events"
"""Rings with the team's id when the team was told something."""


def tell(session: Session, submission: SubmissionRow, kind: str, data: dict[str, Any], now: datetime) -> None:
    """Record an event, and owe it to each of the team's endpoints that takes its type.

    Locks the submission's row, so that `sequence` counts without gaps or doubles, and last the team's.
    """
    session.execute(select(SubmissionRow.id).where(SubmissionRow.id == submission.id).with_for_update())
    last = session.scalar(select(func.max(EventRow.sequence)).where(EventRow.submission_id == submission.id)) or 0
    event = EventRow(submission_id=submission.id, sequence=last + 1, type=kind, data={**data, "sequence": last + 1})
    _tell(session, submission.team_id, event, now)


def tell_team(session: Session, team: UUID, kind: str, data: dict[str, Any], now: datetime) -> None:
    """Record an event that is of no submission, and owe it likewise: it is in the feed, and counts in no sequence."""
    _tell(session, team, EventRow(type=kind, data=data), now)


def feed(session: Session, team: UUID, after: int, limit: int) -> Sequence[EventRow]:
    """The team's events at positions above `after`, in order, at most `limit`."""
    return session.scalars(
        select(EventRow)
        .where(EventRow.team_id == team, EventRow.position > after)
        .order_by(EventRow.position)
        .limit(limit)
    ).all()


def exists_still(session: Session, event: UUID) -> bool:
    """Whether the event is still kept."""
    return session.scalar(select(EventRow.id).where(EventRow.id == event)) is not None


def place_late(session: Session, limit: int) -> None:
    """Give a position to events without one: a gateway of the version before told them while it was being replaced."""
    late = select(EventRow).where(EventRow.position.is_(None)).order_by(EventRow.at).limit(limit)
    for event in session.scalars(late.with_for_update(skip_locked=True)):
        event.position = _next_position(session, event.team_id)
        notify(session, CHANNEL, str(event.team_id))


def forget(session: Session, before: datetime, limit: int) -> int:
    """Remove events from before `before`, but the last of each submission: `sequence` goes on from it. Returns how many."""
    later = aliased(EventRow)
    last = ~exists().where(later.submission_id == EventRow.submission_id, later.sequence > EventRow.sequence)
    old = select(EventRow.id).where(EventRow.at < before, EventRow.submission_id.is_(None) | ~last).limit(limit)
    return len(session.scalars(delete(EventRow).where(EventRow.id.in_(old)).returning(EventRow.id)).all())


def _tell(session: Session, team: UUID, event: EventRow, now: datetime) -> None:
    event.id, event.team_id, event.at = uuid4(), team, now
    event.position = _next_position(session, team)
    session.add(event)
    session.flush()
    for endpoint in takers(session, team, event.type):
        deliveries.owe(session, endpoint, event.id, now)
    notify(session, CHANNEL, str(team))


def _next_position(session: Session, team: UUID) -> int:
    taken = update(TeamRow).where(TeamRow.id == team).values(told=TeamRow.told + 1).returning(TeamRow.told)
    return session.execute(taken, execution_options={"synchronize_session": False}).scalar_one()
