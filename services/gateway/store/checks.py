"""Queries for dry runs. State changes are conditional updates: of two who race, one wins."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from services.gateway.intake import Sealed
from services.gateway.tables import CheckRow


def recent(session: Session, team: UUID, since: datetime, limit: int) -> Sequence[datetime]:
    """When the team's dry runs after `since` were begun, new to old, at most `limit`."""
    return session.scalars(
        select(CheckRow.created_at)
        .where(CheckRow.team_id == team, CheckRow.created_at > since)
        .order_by(CheckRow.created_at.desc())
        .limit(limit)
    ).all()


def renew(session: Session, check: UUID, deadline: datetime) -> None:
    """A living upload gets more time."""
    session.execute(
        update(CheckRow).where(CheckRow.id == check, CheckRow.digest.is_(None)).values(deadline_at=deadline)
    )


def seal(session: Session, check: UUID, sealed: Sealed, deadline: datetime) -> bool:
    """Every byte is in S3; False when it was given up meanwhile."""
    changed = (
        update(CheckRow)
        .where(CheckRow.id == check, CheckRow.cleared_at.is_(None))
        .values(digest=sealed.digest, size_bytes=sealed.size_bytes, deadline_at=deadline)
    )
    return session.scalar(changed.returning(CheckRow.id)) is not None


def finish(session: Session, check: UUID, changes: dict[str, Any], now: datetime) -> bool:
    """A scorer was heard, for the first time and while somebody waits; else False."""
    changed = (
        update(CheckRow)
        .where(CheckRow.id == check, CheckRow.finished_at.is_(None), CheckRow.cleared_at.is_(None))
        .values(finished_at=now, **changes)
    )
    return session.scalar(changed.returning(CheckRow.id)) is not None


def clear(session: Session, check: UUID, now: datetime) -> None:
    """Nothing is left of it but that it counts."""
    session.execute(update(CheckRow).where(CheckRow.id == check).values(cleared_at=now, found=None, failure=None))


def forget(session: Session, check: UUID) -> None:
    """Nothing is left of it, and it does not count."""
    session.execute(delete(CheckRow).where(CheckRow.id == check))


def overdue(session: Session, now: datetime, limit: int) -> Sequence[CheckRow]:
    """Dry runs that should have been cleared by now: their gateway died, or S3 was away."""
    return session.scalars(
        select(CheckRow)
        .where(CheckRow.cleared_at.is_(None), CheckRow.deadline_at < now)
        .order_by(CheckRow.deadline_at)
        .limit(limit)
    ).all()


def forget_old(session: Session, before: datetime) -> None:
    """Delete the rows that no limit counts any more."""
    session.execute(delete(CheckRow).where(CheckRow.created_at < before, CheckRow.cleared_at.is_not(None)))
