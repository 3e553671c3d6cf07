"""Sends one small submission after a fault and waits for its outcome: how long the service took to be whole again."""

import random
import threading
import time

from tests.faults.client import Client
from tests.faults.history import History
from tests.faults.parcel import parcel
from tests.faults.venue import NAME, VALIDATION, some_file

LONGEST_SECONDS = 120.0
PAUSE_SECONDS = 0.3


class Prober:
    """A team of its own, with nothing else to do. One probe at a time."""

    def __init__(self, client: Client, history: History, draw: random.Random) -> None:
        self._client = client
        self._history = history
        self._draw = draw
        self._thread: threading.Thread | None = None
        self._ended: float | None = None
        self.submission: str | None = None

    def send(self, challenge: str = NAME) -> None:
        """Begin a probe, now."""
        self._ended = self.submission = None
        self._thread = threading.Thread(target=self._probe, args=(challenge,), daemon=True)
        self._thread.start()

    def concluded_at(self) -> float | None:
        """When (monotonic) the probe had its outcome; None when it had none in two minutes."""
        assert self._thread is not None, "a probe was sent"
        self._thread.join()
        return self._ended

    def _probe(self, challenge: str) -> None:
        deadline = time.monotonic() + LONGEST_SECONDS
        one = parcel(some_file(self._draw, challenge), VALIDATION, "file", challenge)
        asked = self._client.submit(one, LONGEST_SECONDS, PAUSE_SECONDS)
        self._history.add(asked)
        self.submission = asked.submission
        while asked.submission is not None and time.monotonic() < deadline:
            if self._client.state(asked.submission, 5) in ("scored", "rejected", "failed"):
                self._ended = time.monotonic()
                return
            time.sleep(PAUSE_SECONDS)
