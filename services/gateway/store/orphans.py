"""Queries about objects in S3: which of them a row names, which are orphans and since when, how far the janitor came."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.gateway.tables import CheckRow, ChoreRow, OrphanRow, SubmissionRow
from shared import keys


def named(session: Session, found: Iterable[str]) -> set[str]:
    """Those of the keys `found` whose object a row names: it is needed, or may be written just now.

    A submission names its bytes while it is open or sealed, and its parts while it is open; a dry run names its bytes until
    it is cleared.
    """
    return _held(session, found, ("open", "sealed"))


def writing(session: Session, found: Iterable[str]) -> set[str]:
    """Those of the keys `found` to which somebody may be writing just now."""
    return _held(session, found, ("open",))


def is_ours(key: str) -> bool:
    """Whether a key is of those that we make; what is not is nobody's to delete."""
    return keys.named_by(key) is not None


def old_ones(session: Session, orphans: Sequence[str], now: datetime, before: datetime) -> list[str]:
    """Note those that are seen for the first time now; return those that were seen before `before` already."""
    if not orphans:
        return []
    fresh = insert(OrphanRow).values([{"key": key, "seen_at": now} for key in orphans]).on_conflict_do_nothing()
    session.execute(fresh)
    query = select(OrphanRow.key).where(OrphanRow.key.in_(orphans), OrphanRow.seen_at < before)
    return list(session.scalars(query.order_by(OrphanRow.key)))


def forget(session: Session, gone: Sequence[str]) -> None:
    """These objects are gone."""
    session.execute(delete(OrphanRow).where(OrphanRow.key.in_(gone)))


def forget_before(session: Session, moment: datetime) -> None:
    """Forget what was seen before `moment`: it went by other hands; if not, it is seen anew."""
    session.execute(delete(OrphanRow).where(OrphanRow.seen_at < moment))


def chore(session: Session, name: str) -> ChoreRow | None:
    """How far a chore came."""
    return session.get(ChoreRow, name)


def came_to(session: Session, name: str, taken_at: datetime, place: str | None, removed: int) -> None:
    """Note how far a chore came, and what it removed in this round."""
    values = {"taken_at": taken_at, "place": place, "removed": removed}
    session.execute(
        insert(ChoreRow).values(name=name, **values).on_conflict_do_update(index_elements=["name"], set_=values)
    )


def _held(session: Session, found: Iterable[str], states: Sequence[str]) -> set[str]:
    """Those whose submission is in one of `states`, parts whose submission is open, and those of living dry runs."""
    places = {key: place for key in found if (place := keys.named_by(key)) is not None}

    def ids(kind: str) -> set[UUID]:
        return {id_ for other, id_ in places.values() if other == kind}

    checks = select(CheckRow.id).where(CheckRow.id.in_(ids("check")), CheckRow.cleared_at.is_(None))
    living = {
        "submission": _submissions(session, ids("submission"), states),
        "parts": _submissions(session, ids("parts"), ("open",)),
        "check": set(session.scalars(checks)),
    }
    return {key for key, (kind, id_) in places.items() if id_ in living[kind]}


def _submissions(session: Session, ids: set[UUID], states: Sequence[str]) -> set[UUID]:
    query = select(SubmissionRow.id).where(SubmissionRow.id.in_(ids), SubmissionRow.state.in_(states))
    return set(session.scalars(query))
