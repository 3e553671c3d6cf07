"""Keeps the load to what the machine can bear: where scoring falls behind, teams wait before they send more."""

import threading
from collections.abc import Callable

MOST_WAITING = 30
"""Evaluations without an outcome: ten seconds of load. More would measure a queue, and no fault."""

LOOK_SECONDS = 0.5


class Pace:
    """Looks at `waiting`, how many evaluations there are without an outcome, until closed; None: nobody knows."""

    def __init__(self, waiting: Callable[[], int | None]) -> None:
        self._waiting = waiting
        self._free = threading.Event()
        self._free.set()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def wait(self) -> None:
        """Until there is room for one more."""
        self._free.wait()

    def close(self) -> None:
        """Hold up nobody any more."""
        self._closing.set()
        self._thread.join()
        self._free.set()

    def _look(self) -> None:
        while not self._closing.wait(LOOK_SECONDS):
            waiting = self._waiting()
            if waiting is None:
                continue
            if waiting > MOST_WAITING:
                self._free.clear()
            else:
                self._free.set()
