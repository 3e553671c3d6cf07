"""Queries for teams and their keys."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from services.gateway.tables import KeyRow, TeamRow

USED_EVERY = timedelta(minutes=1)
"""How exact `last_used_at` is: a write per minute and key instead of one per request."""


def find_key(session: Session, key_id: str) -> tuple[KeyRow, TeamRow] | None:
    """The key with this visible id, and its team."""
    row = session.execute(
        select(KeyRow, TeamRow).join(TeamRow, TeamRow.id == KeyRow.team_id).where(KeyRow.id == key_id)
    ).one_or_none()
    return (row[0], row[1]) if row else None


def touch_key(session: Session, key: KeyRow, now: datetime) -> None:
    """Remember that `key` was used, at most once a minute."""
    if key.last_used_at is None or key.last_used_at < now - USED_EVERY:
        session.execute(update(KeyRow).where(KeyRow.id == key.id).values(last_used_at=now))


def revoke_key(session: Session, key_id: str, now: datetime) -> bool:
    """End a key now; False when there is no such live key."""
    ended = update(KeyRow).where(KeyRow.id == key_id, KeyRow.revoked_at.is_(None)).values(revoked_at=now)
    return session.execute(ended.returning(KeyRow.id)).first() is not None


def team_named(session: Session, name: str) -> TeamRow | None:
    """The team with this name."""
    return session.scalar(select(TeamRow).where(TeamRow.name == name))


def teams_with_keys(session: Session) -> Sequence[tuple[TeamRow, KeyRow | None]]:
    """All teams in order of name, each with each of its keys."""
    rows = session.execute(
        select(TeamRow, KeyRow)
        .outerjoin(KeyRow, KeyRow.team_id == TeamRow.id)
        .order_by(TeamRow.name, KeyRow.created_at)
    )
    return [(row[0], row[1]) for row in rows]
