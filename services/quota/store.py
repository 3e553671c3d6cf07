"""Every query the ledger makes. A decision is: lock the team, ask the clock, read, and add at most one line."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, DateTime, and_, func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.quota.tables import postings, teams
from services.quota.window import DAY, Posting, Terms


def lock(session: Session, team: UUID) -> None:
    """Let one decision about `team` run at a time, to the end of the transaction."""
    locked = select(teams.c.team).where(teams.c.team == team).with_for_update()
    if session.execute(locked).first() is None:
        session.execute(insert(teams).values(team=team).on_conflict_do_nothing())
        session.execute(locked).one()


def clock(session: Session) -> datetime:
    """The database's time, now: not when the transaction began, which may be long before it got the lock."""
    return session.execute(select(func.clock_timestamp(type_=DateTime(timezone=True)))).scalar_one()


def held(session: Session, submission: UUID) -> Posting | None:
    """The line that first held a place for `submission`; it never changes, so it may be read without a lock."""
    found = session.execute(select(postings).where(postings.c.submission == submission, postings.c.kind == "held"))
    row = found.mappings().first()
    return _posting(row) if row else None


def history(
    session: Session,
    team: UUID,
    pool: str,
    window_seconds: int,
    now: datetime,
    submission: UUID | None = None,
) -> list[Posting]:
    """What matters at `now`, in the order it was posted.

    The team's lines in `pool` within the window, its rejected files of the last 24 h in any pool, and every line of
    `submission`, whoever's.
    """
    of_team = and_(
        postings.c.team == team,
        or_(
            and_(postings.c.pool == pool, postings.c.at > now - timedelta(seconds=window_seconds)),
            and_(postings.c.fault == "theirs", postings.c.at > now - DAY),
        ),
    )
    wanted: ColumnElement[bool] = of_team if submission is None else or_(of_team, postings.c.submission == submission)
    found = session.execute(select(postings).where(wanted).order_by(postings.c.posting))
    return [_posting(row) for row in found.mappings()]


def add(session: Session, posting: Posting) -> bool:
    """Write a line; False when the submission has one of this kind already."""
    line = insert(postings).values(
        submission=posting.submission,
        team=posting.team,
        pool=posting.pool,
        kind=posting.kind,
        fault=posting.fault,
        at=posting.at,
        expires_at=posting.expires_at,
        places=posting.terms.places,
        window_seconds=posting.terms.window_seconds,
        forgiven_per_day=posting.terms.forgiven_per_day,
    )
    added = session.execute(line.on_conflict_do_nothing().returning(postings.c.posting))
    return added.first() is not None


def _posting(row: Mapping[Any, Any]) -> Posting:
    return Posting(
        submission=row["submission"],
        team=row["team"],
        pool=row["pool"],
        kind=row["kind"],
        at=row["at"],
        terms=Terms(row["places"], row["window_seconds"], row["forgiven_per_day"]),
        fault=row["fault"],
        expires_at=row["expires_at"],
    )
