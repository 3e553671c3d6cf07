"""Queries for the outbox: the deeds that are owed."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import ColumnElement, Select, case, delete, func, select, update
from sqlalchemy.orm import Session

from services.gateway.store import line, turns
from services.gateway.tables import OutboxRow, SubmissionRow
from shared.database import notify

CHANNEL = "outbox"
Kind = Literal["evaluate", "check", "settle", "deliver", "mail"]


def owe(session: Session, kind: Kind, payload: dict[str, Any], now: datetime) -> None:
    """Add a deed to this transaction, and wake the courier when it commits."""
    session.add(OutboxRow(kind=kind, payload=payload, created_at=now, next_attempt_at=now))
    notify(session, CHANNEL, kind)


def stand_in_line(
    session: Session, evaluation: UUID, attempt: int, submission: SubmissionRow, lane: int, now: datetime
) -> None:
    """Owe an attempt of an evaluation to the queue, at the end of its team's turns in `lane`."""
    payload = {"evaluation": str(evaluation), "attempt": attempt, "place": line.place_of(submission)}
    turn = line.next_round(submission.team_id, lane)
    content = {"payload": payload, "lane": lane, "turn": turn, "team_id": submission.team_id}
    session.add(OutboxRow(kind="evaluate", created_at=now, next_attempt_at=now, **content))
    notify(session, CHANNEL, "evaluate")


def wake(session: Session, kind: Kind) -> None:
    """Let the courier look again when this transaction commits: there may be room for a deed of this kind."""
    notify(session, CHANNEL, kind)


def claim(session: Session, kind: Kind, now: datetime, lease: timedelta, limit: int) -> Sequence[OutboxRow]:
    """Take due deeds for `lease`; whoever dies with them leaves them to be claimed again after it.

    One statement: the oldest are taken, but of deliveries and evaluations those whose turn it is.
    """
    due = _turn(kind, now, limit)
    taken = (
        update(OutboxRow)
        .where(OutboxRow.id.in_(due))
        .values(next_attempt_at=now + lease, leased_until=now + lease, attempts=OutboxRow.attempts + 1)
        .returning(OutboxRow)
    )
    return session.scalars(taken, execution_options={"synchronize_session": False}).all()


def next_due(session: Session, kind: Kind, after: datetime) -> datetime | None:
    """When the next deed of this kind is due after `after`, the moment of a claim: what it left has to wait for others."""
    return session.scalar(
        select(func.min(OutboxRow.next_attempt_at)).where(
            OutboxRow.kind == kind, OutboxRow.next_attempt_at > after, OutboxRow.given_up_at.is_(None)
        )
    )


def done(session: Session, row: OutboxRow) -> bool:
    """The deed is done. As all three ends: False, and nothing changes, when the row is not as it was claimed."""
    gone = delete(OutboxRow).where(*_as_claimed(row)).returning(OutboxRow.id)
    return session.scalar(gone, execution_options={"synchronize_session": False}) is not None


def postpone(session: Session, row: OutboxRow, until: datetime, error: str) -> bool:
    """Try again at `until`."""
    return _end_lease(session, row, next_attempt_at=until, last_error=error)


def give_up(session: Session, row: OutboxRow, now: datetime, error: str) -> bool:
    """Keep the deed, visible, and try no more."""
    return _end_lease(session, row, given_up_at=now, last_error=error)


def redrive(session: Session, which: ColumnElement[bool], now: datetime) -> int:
    """Make these deeds due now, given up or not, with all their attempts before them; returns how many there are.

    What is under lease keeps it, and what is due keeps its turn. A lease that is over ends: whoever had it has no say
    in the deed any more.
    """
    leased = OutboxRow.leased_until > now
    at = case((leased, OutboxRow.next_attempt_at), else_=func.least(OutboxRow.next_attempt_at, now))
    lease = case((leased, OutboxRow.leased_until))
    again = update(OutboxRow).where(which).values(next_attempt_at=at, leased_until=lease, given_up_at=None, attempts=0)
    kinds = session.scalars(again.returning(OutboxRow.kind), execution_options={"synchronize_session": False}).all()
    for kind in sorted(set(kinds)):
        notify(session, CHANNEL, kind)
    return len(kinds)


def hand_back(session: Session, rows: Sequence[OutboxRow], now: datetime) -> None:
    """Whoever claimed these stops: they are due at once, as if never claimed, and whoever is there is woken.

    What ended meanwhile, or was claimed by another after its lease, is not touched.
    """
    for row in rows:
        session.execute(
            update(OutboxRow)
            .where(*_as_claimed(row))
            .values(leased_until=None, next_attempt_at=now, attempts=OutboxRow.attempts - 1)
        )
    for kind in {row.kind for row in rows}:
        notify(session, CHANNEL, kind)


def _turn(kind: Kind, now: datetime, limit: int) -> Select[Any]:
    if kind == "deliver":
        return turns.turn(now, limit)
    return line.turn(now, limit) if kind == "evaluate" else _oldest(kind, now, limit)


def _oldest(kind: Kind, now: datetime, limit: int) -> Select[int]:
    return (
        select(OutboxRow.id)
        .where(OutboxRow.kind == kind, OutboxRow.next_attempt_at <= now, OutboxRow.given_up_at.is_(None))
        .order_by(OutboxRow.next_attempt_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )


def _end_lease(session: Session, row: OutboxRow, **values: Any) -> bool:
    ended = update(OutboxRow).where(*_as_claimed(row)).values(leased_until=None, **values).returning(OutboxRow.id)
    return session.scalar(ended, execution_options={"synchronize_session": False}) is not None


def _as_claimed(row: OutboxRow) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """Whether it is under the lease still that it was claimed with; after that another may have claimed or ended it."""
    return OutboxRow.id == row.id, OutboxRow.leased_until == row.leased_until
