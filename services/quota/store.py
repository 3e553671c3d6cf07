"""Every query the ledger makes, each written once. Only `add` writes a line, and no line is ever changed."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, DateTime, Interval, Uuid, and_, bindparam, func, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.quota.tables import postings, teams
from services.quota.window import DAY, Posting, Terms

LOCKED = select(teams.c.team).where(teams.c.team == bindparam("team")).with_for_update()
FOUNDED = insert(teams).on_conflict_do_nothing().returning(teams.c.team)

# The window is measured from the transaction's beginning, which is never later than the clock: this reads a line too
# many rather than one too few, and the window's rules leave it out.
RELEVANT = or_(
    and_(
        postings.c.team == bindparam("team"),
        postings.c.pool == bindparam("pool"),
        postings.c.at > func.now() - bindparam("window", type_=Interval),
    ),
    and_(postings.c.team == bindparam("team"), postings.c.fault == "theirs", postings.c.at > func.now() - DAY),
    postings.c.submission == bindparam("submission", type_=Uuid),
)
CLOCK = select(func.clock_timestamp(type_=DateTime(timezone=True)).label("now")).subquery("clock")
HISTORY = select(CLOCK.c.now, postings).select_from(CLOCK.outerjoin(postings, RELEVANT)).order_by(postings.c.posting)


def lock(session: Session, team: UUID) -> None:
    """Let one decision about `team` run at a time, to the end of the transaction."""
    if session.execute(LOCKED, {"team": team}).first() is not None:
        return
    if session.execute(FOUNDED, {"team": team}).first() is None:  # Somebody else was first: stand in line.
        session.execute(LOCKED, {"team": team}).one()


def held(session: Session, submission: UUID) -> Posting | None:
    """The line that first held a place for `submission`; it never changes, so it may be read without a lock."""
    found = session.execute(select(postings).where(postings.c.submission == submission, postings.c.kind == "held"))
    row = found.mappings().first()
    return _posting(row) if row else None


def history(
    session: Session | Connection, team: UUID, pool: str, window_seconds: int, submission: UUID | None = None
) -> tuple[datetime, list[Posting]]:
    """The database's time now (not when the transaction began), and what matters at it in the order it was posted.

    That is: the team's lines in `pool` within the window, its rejected files of the last 24 h in any pool, and every
    line of `submission`, whoever's.
    """
    window = timedelta(seconds=window_seconds)
    wanted = {"team": team, "pool": pool, "window": window, "submission": submission}
    rows = session.execute(HISTORY, wanted).mappings().all()
    return rows[0]["now"], [_posting(row) for row in rows if row["posting"] is not None]


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
