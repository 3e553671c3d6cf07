"""Who works: the scorers' signs of life, from Redis to the database every two seconds, where `serve` may read them.

By them the courier reckons how much of the line Redis is to hold (`window`).
"""

import asyncio
import logging

from services.gateway.courier.window import Window
from services.gateway.desk import Desk
from services.gateway.store import fleet
from shared.errors import HoldoutError, Unavailable
from shared.messages import Alive
from shared.queue import Queue

log = logging.getLogger(__name__)

EVERY_SECONDS = 2.0


class Census:
    """A loop of its own, so that a slow sweep does not look like a courier that is gone."""

    def __init__(self, desk: Desk, queue: Queue) -> None:
        self._desk = desk
        self._queue = queue
        self._window = Window(desk, queue)

    async def run(self) -> None:
        """For ever."""
        while True:
            try:
                await self.take()
            except HoldoutError as error:
                log.warning("the scorers were not counted: %s", error)
            except Exception:
                log.exception("counting the scorers broke; trying again")
            await asyncio.sleep(EVERY_SECONDS)

    async def take(self) -> None:
        """Count once; a queue that is away is written down too."""
        try:
            workers: list[Alive] | None = await self._queue.fleet()
        except Unavailable:
            workers = None
        await asyncio.to_thread(self._note, workers)
        if workers is not None:
            await self._window.fit(workers)

    def _note(self, workers: list[Alive] | None) -> None:
        with self._desk.database.begin() as session:
            fleet.note(session, self._desk.clock(), workers)
