"""Remembers that a server was silent, so that nobody waits for it in vain: the next ones are refused at once.

After a few time-outs in a row it lets one call through every other second, until one is answered.
"""

import threading
import time
from collections.abc import Callable

TIMEOUTS = 3
"""In a row: one alone is a hiccup."""

PAUSE_SECONDS = 2.0


class Breaker:
    """The state of one server, as the callers in this process have seen it. Thread-safe."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic, tolerated: int = TIMEOUTS) -> None:
        """Silent after `tolerated` time-outs in a row."""
        self._tolerated = tolerated
        self._now = monotonic
        self._lock = threading.Lock()
        self._timeouts = 0
        self._next_try_at = 0.0

    @property
    def is_silent(self) -> bool:
        """Whether it was silent when it was asked last."""
        return self._timeouts >= self._tolerated

    def may_call(self) -> bool:
        """Whether to try; of those who ask while it is silent, one in each pause may."""
        with self._lock:
            if self._timeouts < self._tolerated:
                return True
            if self._now() < self._next_try_at:
                return False
            self._next_try_at = self._now() + PAUSE_SECONDS
            return True

    def timed_out(self) -> None:
        """A call got no answer in time."""
        with self._lock:
            self._timeouts += 1
            self._next_try_at = self._now() + PAUSE_SECONDS

    def answered(self) -> None:
        """A call got an answer, of whatever kind."""
        with self._lock:
            self._timeouts = 0
