"""Watches the scorers: how many are alive, and so how much of the line Redis is to hold. Written where all can read it.

Twice the fleet's slots keep it busy: what runs, and as much again, so that no scorer waits for the courier.
"""

import asyncio
import logging
from datetime import datetime, timedelta

from services.gateway.desk import Desk
from services.gateway.store import fleet, line, outbox
from services.gateway.store.fleet import Seen
from shared.messages import Job
from shared.queue import Queue

log = logging.getLogger(__name__)

PLACES_PER_SLOT = 2

GRACE = timedelta(seconds=15)
"""A scorer that Redis does not know any more is believed in for so long: it is mostly back by then, or Redis has lost its
memory and learns of it within 10 s."""


class Fleet:
    """Every scorer with its slots, and when it was seen last."""

    def __init__(self, desk: Desk, queue: Queue) -> None:
        self._desk = desk
        self._queue = queue
        self._seen: dict[str, tuple[int, datetime]] = {}

    async def look(self) -> None:
        """Count the scorers, and write down what there is and what Redis is to hold."""
        handed = await asyncio.to_thread(self._handed)
        held = await self._queue.length(Job.lane)
        slots = self._believed(await self._queue.workers(Job.lane))
        places = max(line.LEAST_PLACES, PLACES_PER_SLOT * sum(slots))
        # What was handed over and is not there any more keeps no scorer busy; another sweep puts it right.
        lost = max(0, handed - held)
        await asyncio.to_thread(self._write, Seen(len(slots), sum(slots), places + lost))

    def _believed(self, found: dict[str, int]) -> list[int]:
        now = self._desk.clock()
        self._seen |= {name: (slots, now) for name, slots in found.items()}
        self._seen = {name: (slots, at) for name, (slots, at) in self._seen.items() if at + GRACE >= now}
        return [slots for slots, _ in self._seen.values()]

    def _handed(self) -> int:
        with self._desk.database.begin() as session:
            return line.handed(session)

    def _write(self, seen: Seen) -> None:
        with self._desk.database.begin() as session:
            if fleet.write(session, seen, self._desk.clock()):
                outbox.wake(session, "evaluate")
                log.info(
                    "%d scorers with %d slots are alive: the queue holds %d", seen.scorers, seen.slots, seen.places
                )
