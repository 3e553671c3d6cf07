"""Queries for deliveries: what the outbox owes to an endpoint, and the log of what was tried."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, delete, func, select, tuple_, update
from sqlalchemy.orm import Session

from services.gateway.store import outbox
from services.gateway.store.submissions import Cursor
from services.gateway.tables import DeliveryRow, OutboxRow

_UNSYNCHRONISED = {"synchronize_session": False}


def owe(session: Session, endpoint: UUID, event: UUID, now: datetime, **more: Any) -> None:
    """Owe an event to an endpoint; `more` goes into the payload of the deed."""
    outbox.owe(session, "deliver", {"event": str(event), "endpoint": str(endpoint), **more}, now)


def owe_again(session: Session, endpoint: UUID, event: UUID, now: datetime) -> bool:
    """Make what is owed or was given up due now, with all its attempts before it; False when nothing of it is there.

    An attempt that is under way is the one that was asked for: it gets none beside it.
    """
    named = OutboxRow.payload["event"].astext == str(event)
    return outbox.redrive(session, _of(endpoint) & named, now) > 0


def owe_failed_again(session: Session, endpoint: UUID, now: datetime, limit: int) -> int:
    """Make due now what was given up for this endpoint, at most `limit`, what was owed first first; returns how many."""
    given_up = select(OutboxRow.id).where(_of(endpoint), OutboxRow.given_up_at.is_not(None))
    first = given_up.order_by(OutboxRow.created_at, OutboxRow.id).limit(limit)
    return outbox.redrive(session, OutboxRow.id.in_(first), now)


def give_up_all(session: Session, endpoint: UUID, now: datetime, cause: str) -> None:
    """Try nothing more of what is owed to this endpoint."""
    owed = update(OutboxRow).where(_of(endpoint), OutboxRow.given_up_at.is_(None))
    session.execute(owed.values(given_up_at=now, last_error=cause), execution_options=_UNSYNCHRONISED)


def forgive_all(session: Session, endpoint: UUID) -> None:
    """Nothing is owed to this endpoint any more."""
    session.execute(delete(OutboxRow).where(_of(endpoint)), execution_options=_UNSYNCHRONISED)


def owed(session: Session, endpoint: UUID, events: Sequence[UUID]) -> dict[UUID, OutboxRow]:
    """What is owed, or was given up, of these events."""
    named = OutboxRow.payload["event"].astext.in_([str(event) for event in events])
    rows = session.scalars(select(OutboxRow).where(_of(endpoint), named))
    return {UUID(row.payload["event"]): row for row in rows}


def record(session: Session, row: DeliveryRow) -> None:
    """Add an attempt to the log, numbered after those before it."""
    row.attempt = 1 + newest(session, row.endpoint_id, [row.event_id]).get(row.event_id, 0)
    session.add(row)


def complete(session: Session, attempt: UUID, **values: Any) -> None:
    """Add to an attempt of the log what came of it."""
    session.execute(update(DeliveryRow).where(DeliveryRow.id == attempt).values(**values))


def newest(session: Session, endpoint: UUID, events: Sequence[UUID]) -> dict[UUID, int]:
    """The number of the last attempt at each of these events."""
    query = (
        select(DeliveryRow.event_id, func.max(DeliveryRow.attempt))
        .where(DeliveryRow.endpoint_id == endpoint, DeliveryRow.event_id.in_(events))
        .group_by(DeliveryRow.event_id)
    )
    return {row[0]: row[1] for row in session.execute(query)}


def log(session: Session, endpoint: UUID, after: Cursor | None, limit: int) -> Sequence[DeliveryRow]:
    """The endpoint's attempts from new to old, at most `limit`, those after `after`."""
    query = select(DeliveryRow).where(DeliveryRow.endpoint_id == endpoint)
    if after is not None:
        query = query.where(tuple_(DeliveryRow.at, DeliveryRow.id) < (after.created_at, after.id))
    return session.scalars(query.order_by(DeliveryRow.at.desc(), DeliveryRow.id.desc()).limit(limit)).all()


def find(session: Session, endpoint: UUID, delivery: UUID) -> DeliveryRow | None:
    """One attempt of this endpoint's log."""
    return session.scalar(select(DeliveryRow).where(DeliveryRow.id == delivery, DeliveryRow.endpoint_id == endpoint))


def forget(session: Session, before: datetime, limit: int) -> int:
    """Remove attempts, and deliveries and mails that were given up, from before `before`; returns how many."""
    old = select(DeliveryRow.id).where(DeliveryRow.at < before).limit(limit)
    given_up = select(OutboxRow.id).where(OutboxRow.kind.in_(("deliver", "mail")), OutboxRow.given_up_at < before)
    rows = session.execute(delete(DeliveryRow).where(DeliveryRow.id.in_(old)).returning(DeliveryRow.id)).all()
    deeds = session.execute(
        delete(OutboxRow).where(OutboxRow.id.in_(given_up.limit(limit))).returning(OutboxRow.id)
    ).all()
    return len(rows) + len(deeds)


def _of(endpoint: UUID) -> ColumnElement[bool]:
    return OutboxRow.endpoint_id == endpoint
