"""The note of the last rehearsal, beside the backup that it was of: `last-rehearsal.json`."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from deploy.stack.files import write_private
from shared.clock import utc_now
from shared.model import Model


class Rehearsal(Model):
    """When it was, how long the way back took until everything was ready, of how many submissions, how old the newest
    point was at the worst, and whether everything was as before.
    """

    at: datetime
    seconds: float
    submissions: int
    rpo_seconds: float
    identical: bool


@dataclass(slots=True)
class Course:
    """How a rehearsal goes, as far as it is known: nothing is identical before it was found to be."""

    identical: bool = False
    _began: float = field(default_factory=time.monotonic)
    _seconds: float | None = None

    def all_is_ready(self) -> float:
        """The way back is over; how long it took."""
        self._seconds = self.seconds
        return self._seconds

    @property
    def seconds(self) -> float:
        """How long the way back took, or has taken so far."""
        return time.monotonic() - self._began if self._seconds is None else self._seconds


@contextmanager
def noted(backup: Path, submissions: int, rpo_seconds: float) -> Iterator[Course]:
    """From the order to restore on: however it goes, also when it fails, the note says what was measured."""
    course = Course()
    try:
        yield course
    finally:
        rehearsal = Rehearsal(
            at=utc_now(),
            seconds=course.seconds,
            submissions=submissions,
            rpo_seconds=rpo_seconds,
            identical=course.identical,
        )
        write_private(backup / "last-rehearsal.json", rehearsal.model_dump_json(indent=2))
