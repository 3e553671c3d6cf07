"""What is not kept for ever: the log of deliveries, old events, secrets whose time is over. Beside it, late positions."""

from datetime import datetime, timedelta

from services.gateway import rotation
from services.gateway.desk import Desk
from services.gateway.settings import CourierSettings
from services.gateway.store import deliveries, endpoints, events

EVERY = timedelta(minutes=1)
BATCH = 1000
"""Rows of one kind at a time: small transactions, and a million a day."""


class Retention:
    """Once a minute, by its sweep."""

    def __init__(self, desk: Desk, settings: CourierSettings) -> None:
        self._desk = desk
        self._settings = settings
        self._due: datetime | None = None

    def tend(self) -> None:
        """Do all of it, unless that was less than a minute ago."""
        now = self._desk.clock()
        if self._due is None or self._due <= now:
            self._due = now + EVERY
            self.tend_now(now)

    def tend_now(self, now: datetime) -> None:
        """Remove what is old, end secrets whose time is over, place what an older gateway told."""
        with self._desk.database.begin() as session:
            deliveries.forget(session, now - timedelta(days=self._settings.deliveries_days), BATCH)
            events.forget(session, now - timedelta(days=self._settings.events_days), BATCH)
        with self._desk.database.begin() as session:
            events.place_late(session, BATCH)
        with self._desk.database.begin() as session:
            for row in endpoints.rotating(session):
                left = rotation.signing(row.secrets, row.secret_ends, now)
                row.secrets, row.secret_ends = left.keys, left.ends
