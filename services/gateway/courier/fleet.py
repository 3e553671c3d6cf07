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
"""Scorers that Redis knows nothing of are believed in for so long: one that lost its memory learns of them in 10 s."""


class Fleet:
    """What was seen last, and when any scorer was."""

    def __init__(self, desk: Desk, queue: Queue) -> None:
        self._desk = desk
        self._queue = queue
        self._slots: dict[str, int] = {}
        self._at: datetime | None = None

    async def look(self) -> None:
        """Count the scorers, and write down what there is and what Redis is to hold."""
        handed = await asyncio.to_thread(self._handed)
        held = await self._queue.length(Job.lane)
        slots = self._believed(await self._queue.workers(Job.lane))
        places = max(line.LEAST_PLACES, PLACES_PER_SLOT * sum(slots.values()))
        # What was handed over and is not there any more keeps no scorer busy; another sweep puts it right.
        lost = max(0, handed - held)
        await asyncio.to_thread(self._write, Seen(len(slots), sum(slots.values()), places + lost))

    def _believed(self, slots: dict[str, int]) -> dict[str, int]:
        now = self._desk.clock()
        if slots or self._at is None or self._at + GRACE < now:
            self._slots, self._at = slots, now if slots else None
        return self._slots

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
