"""Queries for the outbox (deeds owed) and for events (what teams are told)."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID, uuid4

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from services.gateway.store.teams import live_endpoints
from services.gateway.tables import EndpointRow, EventRow, OutboxRow, SubmissionRow
from shared.database import notify

CHANNEL = "outbox"
Kind = Literal["evaluate", "check", "settle", "deliver"]


def owe(session: Session, kind: Kind, payload: dict[str, Any], now: datetime) -> None:
    """Add a deed to this transaction, and wake the courier when it commits."""
    session.add(OutboxRow(kind=kind, payload=payload, created_at=now, next_attempt_at=now))
    notify(session, CHANNEL, kind)


def claim(session: Session, kind: Kind, now: datetime, lease: timedelta, limit: int) -> Sequence[OutboxRow]:
    """Take due deeds for `lease`; whoever dies with them leaves them to be claimed again after it."""
    due = (
        select(OutboxRow.id)
        .where(OutboxRow.kind == kind, OutboxRow.next_attempt_at <= now, OutboxRow.given_up_at.is_(None))
        .order_by(OutboxRow.next_attempt_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    taken = (
        update(OutboxRow)
        .where(OutboxRow.id.in_(due))
        .values(next_attempt_at=now + lease, attempts=OutboxRow.attempts + 1)
        .returning(OutboxRow)
    )
    return session.scalars(taken, execution_options={"synchronize_session": False}).all()


def next_due(session: Session, kind: Kind) -> datetime | None:
    """When the next deed of this kind is due."""
    return session.scalar(
        select(func.min(OutboxRow.next_attempt_at)).where(OutboxRow.kind == kind, OutboxRow.given_up_at.is_(None))
    )


def done(session: Session, row: int) -> None:
    """The deed is done."""
    session.execute(delete(OutboxRow).where(OutboxRow.id == row))


def postpone(session: Session, row: int, until: datetime, error: str) -> None:
    """Try again at `until`."""
    session.execute(update(OutboxRow).where(OutboxRow.id == row).values(next_attempt_at=until, last_error=error))


def give_up(session: Session, row: int, now: datetime, error: str) -> None:
    """Keep the deed, visible, and try no more."""
    session.execute(update(OutboxRow).where(OutboxRow.id == row).values(given_up_at=now, last_error=error))


def tell(session: Session, submission: SubmissionRow, kind: str, data: dict[str, Any], now: datetime) -> None:
    """Record an event and owe it to each of the team's endpoints.

    Locks the submission's row, so that `sequence` counts without gaps or doubles.
    """
    session.execute(select(SubmissionRow.id).where(SubmissionRow.id == submission.id).with_for_update())
    last = session.scalar(select(func.max(EventRow.sequence)).where(EventRow.submission_id == submission.id)) or 0
    event = EventRow(
        id=uuid4(),
        team_id=submission.team_id,
        submission_id=submission.id,
        sequence=last + 1,
        type=kind,
        data={**data, "sequence": last + 1},
        at=now,
    )
    session.add(event)
    session.flush()
    for endpoint in live_endpoints(session, submission.team_id):
        owe(session, "deliver", {"event": str(event.id), "endpoint": str(endpoint.id)}, now)


def delivery(session: Session, event: UUID, endpoint: UUID) -> tuple[EventRow, EndpointRow] | None:
    """An event and the endpoint it is owed to; None when the endpoint is gone or disabled."""
    row = session.execute(
        select(EventRow, EndpointRow).where(
            EventRow.id == event,
            EndpointRow.id == endpoint,
            EndpointRow.team_id == EventRow.team_id,
            EndpointRow.disabled_at.is_(None),
        )
    ).one_or_none()
    return (row[0], row[1]) if row else None
