"""How long to go on trying, and the pauses between tries."""

import random
import time
from collections.abc import Callable

from services.gateway.client.terminal import note


class Patience:
    """Exponential back-off with jitter. Its time starts to run at the first failure."""

    def __init__(self, timeout_seconds: float, tell: Callable[[str], None] = note) -> None:
        self._timeout_seconds = timeout_seconds
        self._tell = tell
        self._until: float | None = None
        self._delay_seconds = 0.25

    def pause(self, reason: str, at_least_seconds: float = 0) -> bool:
        """Sleep until the next try; False, at once, when that would be later than the time allowed."""
        now = time.monotonic()
        self._until = self._until or now + self._timeout_seconds
        delay = max(at_least_seconds, self._delay_seconds * random.uniform(0.5, 1))  # noqa: S311 - jitter, no secret
        self._delay_seconds = min(self._delay_seconds * 2, 30)
        if now + delay > self._until:
            return False
        self._tell(f"{reason}; trying again in {delay:.1f} s")
        time.sleep(delay)
        return True
