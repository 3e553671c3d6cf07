"""Queries for dead letters: outbox rows of any kind that were given up, and wait for a person."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.orm import Session

from services.gateway.tables import EndpointRow, OutboxRow, TeamRow

GIVEN_UP = OutboxRow.given_up_at.is_not(None)


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A deed that was given up; with its endpoint and team where it is a delivery."""

    deed: OutboxRow
    endpoint: EndpointRow | None
    team: TeamRow | None


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which letters are meant: these ids, those to one endpoint, or all."""

    ids: tuple[int, ...] = ()
    endpoint: UUID | None = None
    every: bool = False

    def rows(self) -> ColumnElement[bool]:
        """Those of them that are given up."""
        if self.every:
            return GIVEN_UP
        if self.endpoint is not None:
            return GIVEN_UP & (OutboxRow.endpoint_id == self.endpoint)
        return GIVEN_UP & OutboxRow.id.in_(self.ids)


def listed(session: Session, limit: int) -> Sequence[DeadLetter]:
    """Dead letters, those given up last first, at most `limit`."""
    query = (
        select(OutboxRow, EndpointRow, TeamRow)
        .outerjoin(EndpointRow, EndpointRow.id == OutboxRow.endpoint_id)
        .outerjoin(TeamRow, TeamRow.id == EndpointRow.team_id)
        .where(GIVEN_UP)
        .order_by(OutboxRow.given_up_at.desc(), OutboxRow.id.desc())
        .limit(limit)
    )
    return [DeadLetter(row[0], row[1], row[2]) for row in session.execute(query)]


def count(session: Session, which: ColumnElement[bool] = GIVEN_UP) -> int:
    """How many there are."""
    return session.scalar(select(func.count()).select_from(OutboxRow).where(which)) or 0


def to_disabled_endpoints() -> ColumnElement[bool]:
    """Deliveries that would only be given up again."""
    disabled = select(EndpointRow.id).where(EndpointRow.disabled_at.is_not(None))
    return OutboxRow.endpoint_id.is_not(None) & OutboxRow.endpoint_id.in_(disabled)


def drop(session: Session, which: ColumnElement[bool]) -> int:
    """Remove them for good; returns how many there were."""
    gone = delete(OutboxRow).where(which).returning(OutboxRow.id)
    return len(session.scalars(gone, execution_options={"synchronize_session": False}).all())
