"""Which challenges have submissions to be evaluated anew: a chore each, from the version's transaction to the last one."""

from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.gateway.tables import ChoreRow

_PREFIX = "evaluate anew "


def hold(session: Session, challenge: str) -> None:
    """Until this transaction ends, nobody else evaluates submissions to `challenge` anew, or again. Seals go on.

    Whoever needs `challenges.hold_still` as well takes that later.
    """
    session.execute(select(func.pg_advisory_xact_lock(func.hashtext("evaluating anew"), func.hashtext(challenge))))


def owe(session: Session, challenge: str, now: datetime) -> None:
    """Note that there is something to do for `challenge`, until it is done."""
    fresh = insert(ChoreRow).values(name=_PREFIX + challenge, taken_at=now, place=None, removed=0)
    session.execute(fresh.on_conflict_do_update(index_elements=["name"], set_={"taken_at": now}))


def owed(session: Session) -> list[str]:
    """The challenges with something to do; mostly none, of a table of a few rows."""
    found = select(ChoreRow.name).where(ChoreRow.name.startswith(_PREFIX)).order_by(ChoreRow.taken_at)
    return [name.removeprefix(_PREFIX) for name in session.scalars(found)]


def owed_since(session: Session, challenge: str) -> datetime | None:
    """When it was noted; None where nothing is owed."""
    return session.scalar(select(ChoreRow.taken_at).where(ChoreRow.name == _PREFIX + challenge))


def done(session: Session, challenge: str, since: datetime | None) -> None:
    """All that was owed `since` is done; what was noted later stays."""
    session.execute(delete(ChoreRow).where(ChoreRow.name == _PREFIX + challenge, ChoreRow.taken_at == since))
