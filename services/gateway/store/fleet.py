"""The scorers that are alive, as a courier has last seen them: `serve` asks here, for it never talks to Redis."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.gateway.tables import FleetRow
from shared.messages import Alive

FRESH = timedelta(seconds=15)
"""A courier looks every 2 s. What is older than this tells of no courier at work, and nothing of the scorers."""


@dataclass(frozen=True, slots=True)
class Fleet:
    """Who worked at `at`. Without `queue_answers` nobody could be asked. Redis is to hold `places` evaluations."""

    at: datetime
    queue_answers: bool
    workers: tuple[Alive, ...]
    places: int | None = None

    def is_fresh(self, now: datetime) -> bool:
        """Whether a courier is at work."""
        return now - self.at <= FRESH

    def slots(self, lane: str) -> int:
        """How many jobs of `lane` all its workers take at once."""
        return sum(worker.slots for worker in self.workers if worker.lane == lane)

    def names(self, lane: str) -> list[str]:
        """The workers of `lane`."""
        return [worker.name for worker in self.workers if worker.lane == lane]


def note(session: Session, now: datetime, workers: Sequence[Alive] | None) -> None:
    """Write down who gives signs of life now; None where the queue does not answer."""
    seen = {
        "at": now,
        "queue_answers": workers is not None,
        "workers": [worker.model_dump(mode="json") for worker in workers or ()],
    }
    session.execute(insert(FleetRow).values(id=1, **seen).on_conflict_do_update(index_elements=["id"], set_=seen))


def allow(session: Session, places: int, now: datetime) -> bool:
    """Redis is to hold so many evaluations; whether that is more than before."""
    before = session.scalar(select(FleetRow.places).where(FleetRow.id == 1))
    seen = {"id": 1, "at": now, "queue_answers": True, "workers": [], "places": places}
    kept = {"places": places}
    session.execute(insert(FleetRow).values(**seen).on_conflict_do_update(index_elements=["id"], set_=kept))
    return before is None or before < places


def last(session: Session) -> Fleet | None:
    """What was seen last; None where no courier has ever looked."""
    row = session.get(FleetRow, 1)
    if row is None:
        return None
    return Fleet(row.at, row.queue_answers, tuple(map(Alive.model_validate, row.workers)), row.places)
