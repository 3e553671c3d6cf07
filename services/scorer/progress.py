"""How far one job is: seconds by stage for the report's reader, and a word to the gateway when a stage takes long."""

import asyncio
import time
from collections.abc import Awaitable, Callable

WORTH_SAYING_SECONDS = 0.25
"""A stage that is over sooner is not announced: nobody could read it, and the gateway would write for nothing."""


class Progress:
    """A stop-watch with names. Use as a context manager, so that nothing is announced after the end."""

    def __init__(self, first: str, announce: Callable[[str], Awaitable[None]]) -> None:
        self._announce = announce
        self._stage = first
        self._since = time.perf_counter()
        self._seconds: dict[str, float] = {}
        self._announcement: asyncio.Task[None] | None = None

    def turn_to(self, stage: str) -> None:
        """`stage` begins, the one before it ends."""
        now = time.perf_counter()
        self._seconds[self._stage] = self._seconds.get(self._stage, 0.0) + now - self._since
        self._stage, self._since = stage, now
        self._hush()
        self._announcement = asyncio.create_task(self._say_if_long(stage))

    def seconds(self) -> dict[str, float]:
        """Seconds by stage so far, the present one not included."""
        return dict(self._seconds)

    def __enter__(self) -> "Progress":
        return self

    def __exit__(self, *_: object) -> None:
        self._hush()

    def _hush(self) -> None:
        if self._announcement is not None:
            self._announcement.cancel()

    async def _say_if_long(self, stage: str) -> None:
        await asyncio.sleep(WORTH_SAYING_SECONDS)
        await self._announce(stage)
