"""The pipe by which one process says that it is ready: `shared/handover.py` is its other end."""

import contextlib
import os

from shared.handover import READY_FD


class ReadyPipe:
    """Given to a process when it is started, then listened to. Who does not know of it has it closed at its end."""

    variable = READY_FD
    """In which the process finds the number of its end."""

    def __init__(self) -> None:
        self._here, self.there = os.pipe()
        os.set_blocking(self._here, False)
        self._said = False

    def is_handed_over(self) -> None:
        """The process has its end: ours of it is closed."""
        os.close(self.there)

    def has_said_ready(self) -> bool:
        """Whether the process has said so."""
        if not self._said:
            with contextlib.suppress(BlockingIOError):
                self._said = os.read(self._here, 64) != b""
        return self._said

    def close(self) -> None:
        """The process has ended."""
        os.close(self._here)
