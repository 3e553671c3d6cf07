"""Wakes requests that wait for an outcome: one LISTEN connection per process, fanned out by submission or check."""

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterator
from typing import TypeVar

from starlette.concurrency import run_in_threadpool

from services.gateway.actions.apply import EVALUATIONS_CHANNEL
from services.gateway.actions.check import CHECKS_CHANNEL
from shared.database import listen

SeenT = TypeVar("SeenT")


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

    async def awaited(
        self, name: str, look: Callable[[], SeenT], is_over: Callable[[SeenT], bool], wait_seconds: float
    ) -> SeenT:
        """What `look`, which may block, sees of `name` as soon as that `is_over`; else when the time is up or we stop."""
        with self._expecting(name) as bell:
            deadline = asyncio.get_running_loop().time() + wait_seconds
            while True:
                bell.clear()
                seen = await run_in_threadpool(look)
                left = deadline - asyncio.get_running_loop().time()
                if is_over(seen) or left <= 0 or self.closing:
                    return seen
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(left):
                        await bell.wait()

    def close(self) -> None:
        """We are to stop: every waiting request answers with what it has, and none waits any more."""
        self.closing = True
        self.wake_all()

    def wake_all(self) -> None:
        """Let every waiting request look again."""
        for events in self._waiting.values():
            for event in events:
                event.set()

    @contextlib.contextmanager
    def _expecting(self, name: str) -> Iterator[asyncio.Event]:
        """An event that is set whenever something happens to `name`. Look at its state after entering."""
        event = asyncio.Event()
        self._waiting[name].add(event)
        try:
            yield event
        finally:
            self._waiting[name].discard(event)
            if not self._waiting[name]:
                del self._waiting[name]

    async def _listen(self) -> None:
        async for bell in listen(self._url, [EVALUATIONS_CHANNEL, CHECKS_CHANNEL], "holdout gateway bells"):
            if not bell.channel:
                self.wake_all()
            for event in self._waiting.get(bell.payload, ()):
                event.set()
