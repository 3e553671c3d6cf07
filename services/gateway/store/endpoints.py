"""Queries for teams' webhook addresses."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from services.gateway.store import deliveries
from services.gateway.store.teams import hold_team
from services.gateway.tables import EndpointRow


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


def disable(session: Session, endpoint: UUID, now: datetime, cause: str) -> None:
    """Deliver no more to this endpoint; what is owed to it is given up, to be delivered anew when asked for."""
    session.execute(
        update(EndpointRow).where(EndpointRow.id == endpoint, EndpointRow.disabled_at.is_(None)).values(disabled_at=now)
    )
    deliveries.give_up_all(session, endpoint, now, cause)


def rotating(session: Session) -> Sequence[EndpointRow]:
    """Endpoints that have an old secret beside the current one, locked; those that others hold are left out."""
    query = select(EndpointRow).where(func.cardinality(EndpointRow.secrets) > 1)
    return session.scalars(query.with_for_update(skip_locked=True)).all()
