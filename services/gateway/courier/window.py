"""How much of the line Redis is to hold: twice what the scorers that are alive can run, what runs and as much again.

So no scorer waits for the courier, and what waits in Redis, where nobody's turn counts any more, stays short.
"""

import asyncio
import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from services.gateway.desk import Desk
from services.gateway.store import fleet, line, outbox
from shared.messages import Alive, Job
from shared.queue import Queue

log = logging.getLogger(__name__)

PLACES_PER_SLOT = 2

PAUSING_PER_PLACE = 2
"""For what pauses, Redis has so much more room. One lost truth holds up nobody then, and what is handed over stays little."""

GRACE = timedelta(seconds=15)
"""A scorer that Redis does not know any more is believed in for so long: it is mostly back by then, or Redis has lost its
memory and learns of it within 10 s."""


class Window:
    """Every scorer with its slots, and when it was seen last."""

    def __init__(self, desk: Desk, queue: Queue) -> None:
        self._desk = desk
        self._queue = queue
        self._seen: dict[str, tuple[int, datetime]] = {}

    async def fit(self, workers: Sequence[Alive]) -> None:
        """Reckon anew, for the workers that are alive. Raises `Unavailable` when the queue does not answer."""
        handed = await asyncio.to_thread(self._handed)
        held, due = await self._queue.length(Job.lane), await self._queue.due(Job.lane)
        places = max(line.LEAST_PLACES, PLACES_PER_SLOT * self._slots(workers))
        # What was handed over keeps no scorer busy when it is not there any more, which a sweep puts right, nor while it
        # pauses before another run: what fails over and over must not hold up all others. But where everything pauses,
        # because a store is away or a disk full, it must not all be handed over: it would stand before whatever comes next.
        lost, paused = max(0, handed - held), max(0, min(handed, held) - due)
        await asyncio.to_thread(self._allow, places + lost + min(paused, PAUSING_PER_PLACE * places))

    def _slots(self, workers: Sequence[Alive]) -> int:
        now = self._desk.clock()
        self._seen |= {worker.name: (worker.slots, now) for worker in workers if worker.lane == Job.lane}
        self._seen = {name: (slots, at) for name, (slots, at) in self._seen.items() if at + GRACE >= now}
        return sum(slots for slots, _ in self._seen.values())

    def _handed(self) -> int:
        with self._desk.database.begin() as session:
            return line.handed(session)

    def _allow(self, places: int) -> None:
        with self._desk.database.begin() as session:
            if fleet.allow(session, places, self._desk.clock()):
                outbox.wake(session, "evaluate")
                log.info("the queue holds %d evaluations", places)
