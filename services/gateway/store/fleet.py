"""Queries for the fleet: how many scorers are alive. The courier writes it, everybody reads it."""

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.gateway.tables import FleetRow

ONLY = 1
"""The id of its one row."""

STALE = timedelta(seconds=30)
"""A courier writes it every few seconds; what is older than this tells nothing of now."""


@dataclass(frozen=True, slots=True)
class Seen:
    """How many scorers are alive, how many evaluations they can run at once, and how many Redis is to hold."""

    scorers: int
    slots: int
    places: int


def write(session: Session, seen: Seen, now: datetime) -> bool:
    """What the courier sees now; whether Redis is to hold more than before."""
    before = session.get(FleetRow, ONLY)
    values = {**asdict(seen), "at": now}
    statement = insert(FleetRow).values(id=ONLY, **values)
    session.execute(statement.on_conflict_do_update(index_elements=[FleetRow.id], set_=values))
    return before is None or before.places < seen.places


def read(session: Session, now: datetime) -> Seen | None:
    """The fleet, None where no courier has looked lately."""
    row = session.get(FleetRow, ONLY)
    return Seen(row.scorers, row.slots, row.places) if row is not None and row.at > now - STALE else None
