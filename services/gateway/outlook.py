"""The forecast as this process last made it: one look at the database serves everybody who asks within a second."""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic
from uuid import UUID

from services.gateway.forecast import Expected, Pace, Waiting, by_place, expect
from services.gateway.store import fleet, line, runs
from shared.clock import Clock
from shared.database import Database
from shared.errors import Unavailable
from shared.messages import Job

FRESH = timedelta(seconds=1)
"""As old as a forecast may be; or ten times as old as it took to make, so that a long line costs no more than a tenth."""

PAUSE = timedelta(seconds=0.25)
"""At least so long between two forecasts: one that was queued just now waits for the next."""

MOST = 50_000
"""Of a lane; beyond that nobody is told a place."""

JUST_NOW = Expected(None, None, None, "not known yet: it was queued just now")

NOT_NOW = Expected(None, None, None, "not known: the database does not answer")


@dataclass(frozen=True, slots=True)
class Picture:
    """The whole line at one moment, first what Redis has, and what to expect of it.

    `slots`: how many the scorers run at once; None where that is not known.
    """

    at: datetime
    line: Sequence[Waiting]
    expected: Mapping[UUID, Expected]
    slots: int | None


class Outlook:
    """Makes pictures, no more than are needed. Thread-safe."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._lock = threading.Lock()
        self._picture: Picture | None = None
        self._took = timedelta()

    def of(self, evaluation: UUID) -> Expected:
        """What to expect of a queued evaluation. Nobody's answer fails for not knowing it."""
        try:
            found = self.picture().expected.get(evaluation)
            return found or self.picture(PAUSE).expected.get(evaluation, JUST_NOW)
        except Unavailable:
            return NOT_NOW

    def picture(self, fresh: timedelta = FRESH) -> Picture:
        """The line, not older than `fresh`, or than ten looks take."""
        with self._lock:
            if self._picture is None or abs(self._clock() - self._picture.at) > max(fresh, 10 * self._took):
                began = monotonic()
                self._picture = self._look()
                self._took = timedelta(seconds=monotonic() - began)
            return self._picture

    def _look(self) -> Picture:
        now = self._clock()
        with self._database.one_by_one() as session:
            # The line first: what is handed over in between is found there, or with Redis, or in both.
            standing = line.in_order(session, MOST)
            running, next_ones = runs.handed(session, now)
            pace = by_place(runs.lately(session, now))
            slots = _slots(fleet.last(session), now)
        known = {one.evaluation for one in next_ones}
        whole = next_ones + [one for one in standing if one.evaluation not in known]
        return Picture(now, whole, expect(running, whole, Pace(pace, slots)), slots)


def _slots(seen: fleet.Fleet | None, now: datetime) -> int | None:
    return seen.slots(Job.lane) if seen and seen.queue_answers and seen.is_fresh(now) else None
