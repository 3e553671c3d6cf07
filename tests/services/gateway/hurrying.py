"""A clock that can be put forward, for what ends after minutes: senders move it as they send."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class HurryingLoop(asyncio.SelectorEventLoop):
    """An event loop whose clock can be put forward."""

    ahead_seconds = 0.0

    def time(self) -> float:
        """The real one's, and as much as it was put forward."""
        return super().time() + self.ahead_seconds

    async def pass_time(self, seconds: float) -> None:
        """So much later, with everything done that was due by then."""
        self.ahead_seconds += seconds
        # Twice: an alarm that is due rings in the next round, and is heard in the one after it.
        await asyncio.sleep(0)
        await asyncio.sleep(0)

    async def trickle(self, chunk: bytes, pause_seconds: float) -> AsyncIterator[bytes]:
        """`chunk` again and again, as long as somebody reads it."""
        while True:
            await self.pass_time(pause_seconds)
            yield chunk

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """What `work` comes to."""
        with asyncio.Runner(loop_factory=lambda: self) as runner:
            return runner.run(work)
