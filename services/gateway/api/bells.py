"""Wakes requests that wait for an outcome or an event: one LISTEN connection per process, fanned out by what rang."""

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterator
from typing import TypeVar

from starlette.concurrency import run_in_threadpool

from services.gateway.actions.check import CHECKS_CHANNEL
from services.gateway.store.batches import CHANNEL as BATCHES_CHANNEL
from services.gateway.store.events import CHANNEL as EVENTS_CHANNEL
from services.gateway.store.submissions import CHANNEL as EVALUATIONS_CHANNEL
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

    @contextlib.contextmanager
    def expecting(self, *names: str) -> Iterator[asyncio.Event]:
        """An event that is set whenever one of `names` rings: the id of a submission that has its outcome, of a batch of
        which a model has changed, or of a team that is told something; `store.submissions.progress_of` a submission.

        Look at its state after entering.
        """
        event = asyncio.Event()
        for name in names:
            self._waiting[name].add(event)
        try:
            yield event
        finally:
            for name in names:
                self._waiting[name].discard(event)
                if not self._waiting[name]:
                    del self._waiting[name]

    async def first(
        self,
        name: str,
        look: Callable[[], SeenT],
        enough: Callable[[SeenT], bool],
        wait_seconds: float,
        to_the_end: bool = False,
    ) -> SeenT:
        """What `look` sees (in a thread) as soon as it is `enough`; whatever it sees when the time is up or we stop.

        `to_the_end`: our stopping is no reason, because whoever waits could not ask for the same again.
        """
        deadline = asyncio.get_running_loop().time() + wait_seconds
        with self.expecting(name) as bell:
            while True:
                bell.clear()
                seen = await run_in_threadpool(look)
                left = deadline - asyncio.get_running_loop().time()
                if enough(seen) or left <= 0 or (self.closing and not to_the_end):
                    return seen
                await rung(bell, left)

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
        channels = [EVALUATIONS_CHANNEL, EVENTS_CHANNEL, CHECKS_CHANNEL, BATCHES_CHANNEL]
        async for bell in listen(self._url, channels, "holdout gateway bells"):
            if not bell.channel:
                self.wake_all()
            for event in self._waiting.get(bell.payload, ()):
                event.set()


async def rung(bell: asyncio.Event, timeout_seconds: float) -> bool:
    """Whether it rang in time."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(timeout_seconds):
            return await bell.wait()
    return False
