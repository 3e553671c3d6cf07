"""Wakes requests that wait for an outcome: one LISTEN connection per process, fanned out by submission."""

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator

from services.gateway.actions.apply import EVALUATIONS_CHANNEL
from shared.database import listen


class Bells:
    """Turns database notifications into asyncio events."""

    def __init__(self, database_url: str) -> None:
        self._url = database_url
        self.closing = False
        self._waiting: defaultdict[str, set[asyncio.Event]] = defaultdict(set)

    @contextlib.asynccontextmanager
    async def ringing(self) -> AsyncIterator[None]:
        """Listen for as long as the application runs."""
        task = asyncio.create_task(self._listen())
        try:
            yield
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    @contextlib.contextmanager
    def expecting(self, submission: str) -> Iterator[asyncio.Event]:
        """An event that is set whenever something happens to `submission`. Look at its state after entering."""
        event = asyncio.Event()
        self._waiting[submission].add(event)
        try:
            yield event
        finally:
            self._waiting[submission].discard(event)
            if not self._waiting[submission]:
                del self._waiting[submission]

    def close(self) -> None:
        """We are to stop: every waiting request answers with what it has, and none waits any more."""
        self.closing = True
        self.wake_all()

    def wake_all(self) -> None:
        """Let every waiting request look again."""
        for events in self._waiting.values():
            for event in events:
                event.set()

    async def _listen(self) -> None:
        async for bell in listen(self._url, [EVALUATIONS_CHANNEL], "holdout gateway bells"):
            if not bell.channel:
                self.wake_all()
            for event in self._waiting.get(bell.payload, ()):
                event.set()
