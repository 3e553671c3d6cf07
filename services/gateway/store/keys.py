"""Queries for API keys. What a key may do is judged by its row at each request, so a change counts at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, func, or_, select, update
from sqlalchemy.orm import Session

from services.gateway.tables import AccountRow, KeyRow, TeamRow

USED_EVERY = timedelta(minutes=1)
"""How exact `last_used_at` is: a write per minute and key instead of one per request."""


@dataclass(frozen=True, slots=True)
class Held:
    """A key, the team it acts for, and the person who holds it (None: the team itself)."""

    key: KeyRow
    team: TeamRow
    person: AccountRow | None


def find(session: Session, key_id: str) -> Held | None:
    """The key with this visible id."""
    row = session.execute(_held().where(KeyRow.id == key_id)).one_or_none()
    return Held(*row) if row else None


def of_team(session: Session, team: UUID) -> Sequence[Held]:
    """Every key of a team, the newest first."""
    rows = session.execute(_held().where(KeyRow.team_id == team).order_by(KeyRow.created_at.desc(), KeyRow.id))
    return [Held(*row) for row in rows]


def live(session: Session, team: UUID, person: UUID | None, label: str, now: datetime) -> int:
    """How many keys this holder has under this label that would be accepted now."""
    mine = and_(KeyRow.team_id == team, KeyRow.account_id.is_not_distinct_from(person), KeyRow.label == label)
    return session.scalar(select(func.count()).where(mine, _lives(now))) or 0


def touch(session: Session, key: KeyRow, now: datetime) -> None:
    """Remember that `key` was used, at most once a minute."""
    if key.last_used_at is None or key.last_used_at < now - USED_EVERY:
        session.execute(update(KeyRow).where(KeyRow.id == key.id).values(last_used_at=now))


def revoke(session: Session, key_id: str, now: datetime) -> bool:
    """End a key now; False when there is no such live key."""
    ended = update(KeyRow).where(KeyRow.id == key_id, KeyRow.revoked_at.is_(None)).values(revoked_at=now)
    return session.execute(ended.returning(KeyRow.id)).first() is not None


def revoke_all(session: Session, team: UUID, person: UUID, now: datetime) -> int:
    """End every key that a person holds for a team; returns how many."""
    mine = and_(KeyRow.team_id == team, KeyRow.account_id == person, KeyRow.revoked_at.is_(None))
    return len(session.execute(update(KeyRow).where(mine).values(revoked_at=now).returning(KeyRow.id)).all())


def by_team(session: Session) -> Sequence[tuple[TeamRow, KeyRow | None, AccountRow | None]]:
    """All teams in order of name, each with each of its keys."""
    rows = session.execute(
        select(TeamRow, KeyRow, AccountRow)
        .outerjoin(KeyRow, KeyRow.team_id == TeamRow.id)
        .outerjoin(AccountRow, AccountRow.id == KeyRow.account_id)
        .order_by(TeamRow.name, KeyRow.created_at)
    )
    return [(row[0], row[1], row[2]) for row in rows]


def _held() -> Select[KeyRow, TeamRow, AccountRow]:
    return (
        select(KeyRow, TeamRow, AccountRow)
        .join(TeamRow, TeamRow.id == KeyRow.team_id)
        .outerjoin(AccountRow, AccountRow.id == KeyRow.account_id)
    )


def _lives(now: datetime) -> ColumnElement[bool]:
    return and_(KeyRow.revoked_at.is_(None), or_(KeyRow.expires_at.is_(None), KeyRow.expires_at > now))
