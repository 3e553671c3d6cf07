"""Queries for teams' webhook addresses."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from services.gateway.store import deliveries
from services.gateway.store.teams import hold_team
from services.gateway.tables import EndpointRow

Because = Literal["asked", "gone", "failing"]
"""Why an endpoint is disabled: somebody asked for it, it answered 410, or every attempt failed for too long."""


def of_team(session: Session, team: UUID) -> Sequence[EndpointRow]:
    """The team's endpoints, oldest first."""
    query = select(EndpointRow).where(EndpointRow.team_id == team)
    return session.scalars(query.order_by(EndpointRow.created_at, EndpointRow.id)).all()


def count_still(session: Session, team: UUID) -> int:
    """How many endpoints the team has; none is added beside the caller until its transaction ends."""
    hold_team(session, team)
    return session.scalar(select(func.count()).where(EndpointRow.team_id == team)) or 0


def owned(session: Session, team: UUID, endpoint: UUID, hold: bool = False) -> EndpointRow | None:
    """The team's endpoint of this id; `hold` keeps others from changing it until the transaction ends."""
    query = select(EndpointRow).where(EndpointRow.id == endpoint, EndpointRow.team_id == team)
    return session.scalar(query.with_for_update() if hold else query)


def takers(session: Session, team: UUID, kind: str) -> Sequence[UUID]:
    """The team's endpoints that take events of this type now."""
    takes = EndpointRow.types.is_(None) | (EndpointRow.types.any_() == kind)
    query = select(EndpointRow.id).where(EndpointRow.team_id == team, EndpointRow.disabled_at.is_(None), takes)
    return session.scalars(query).all()


def disable(session: Session, row: EndpointRow, now: datetime, because: Because, error: str) -> None:
    """Deliver no more to this endpoint, which is held; what is owed is given up, to be delivered anew when asked for.

    One that is disabled already stays so since then, for the reason that it was.
    """
    if row.disabled_at is None:
        row.disabled_at, row.disabled_because = now, because
    deliveries.give_up_all(session, row.id, now, error)


def begin_anew(row: EndpointRow) -> None:
    """What it failed of so far is of no account any more."""
    row.failing_since, row.failures, row.warned_at = None, 0, None


def rotating(session: Session) -> Sequence[EndpointRow]:
    """Endpoints that have an old secret beside the current one, locked; those that others hold are left out."""
    query = select(EndpointRow).where(func.cardinality(EndpointRow.secrets) > 1)
    return session.scalars(query.with_for_update(skip_locked=True)).all()
