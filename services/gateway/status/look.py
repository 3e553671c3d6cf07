"""Asks database, ledger and storage side by side how they are; bounded, and at most once every few seconds."""

import logging
import threading
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from services.gateway.bounded import alone, together
from services.gateway.desk import Desk
from services.gateway.status.state import (
    Figures,
    Span,
    Status,
    reports_part,
    scoring_part,
    submissions_part,
    webhooks_part,
)
from services.gateway.store import figures, fleet, letters, losses, rehearsals
from shared import keys
from shared.errors import HoldoutError
from shared.storage import Storage

log = logging.getLogger(__name__)

PATIENCE_SECONDS = 3.0
"""Longer is not answering, for whoever looks at a page."""

KEPT_SECONDS = 5.0
WEEK = timedelta(days=7)

NOTHING = ".status"
"""A key that no object has: whoever says that there is none answers."""


Questions = Mapping[str, Callable[[], object]]


class Lookout:
    """The state of the whole, not older than `KEPT_SECONDS`. One caller looks; the others are told what was seen before."""

    def __init__(self, desk: Desk, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._desk = desk
        self._monotonic = monotonic
        self._up_since = desk.clock()
        self._asked = {name: alone(work) for name, work in _questions(desk).items()}
        self._lock = threading.Lock()
        self._seen: tuple[float, Status] | None = None

    def status(self) -> Status:
        """As it is, or was a moment ago."""
        if (fresh := self._fresh()) is not None:
            return fresh
        before = self._seen
        if not self._lock.acquire(blocking=before is None):
            assert before is not None
            return before[1]
        try:
            return self._fresh() or self._look()
        finally:
            self._lock.release()

    def _fresh(self) -> Status | None:
        seen = self._seen
        return seen[1] if seen and self._monotonic() - seen[0] < KEPT_SECONDS else None

    def _look(self) -> Status:
        status = look(self._desk, self._up_since, self._asked)
        self._seen = (self._monotonic(), status)
        return status


def look(desk: Desk, up_since: datetime, asked: Questions | None = None) -> Status:
    """Ask everybody now."""
    now = desk.clock()
    said = together(PATIENCE_SECONDS, asked or _questions(desk))
    for name, answer in said.items():
        if isinstance(answer, Exception):
            _note(name, answer)
    found = said["database"] if isinstance(said["database"], Figures) else None
    parts = (
        submissions_part(found is not None, said["ledger"] is True, said["storage"] is True),
        scoring_part(found, now),
        webhooks_part(found, now),
        reports_part(found),
    )
    return Status(now, up_since, parts, found)


def _note(name: str, error: Exception) -> None:
    """What raised, or was silent, has not answered; what is a mistake of ours is to be found."""
    foreseen = isinstance(error, HoldoutError | TimeoutError)
    log.warning("status: the %s does not answer: %s", name, error, exc_info=None if foreseen else error)


def _answers(storage: Storage) -> bool:
    """It does when it knows that there is no such object; else it raises."""
    storage.exists(keys.SUBMISSIONS, NOTHING)
    return True


def _questions(desk: Desk) -> Questions:
    return {
        "database": lambda: read_figures(desk, desk.clock()),
        "ledger": desk.allowance.is_ready,
        "storage": lambda: _answers(desk.storage),
    }


def read_figures(desk: Desk, now: datetime) -> Figures:
    """What the database tells; today begins at midnight UTC."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    with desk.database.begin() as session:
        return Figures(
            today=_span(session, midnight),
            week=_span(session, now - WEEK),
            waiting=figures.waiting(session),
            owed=figures.owed(session, now),
            dead_letters=letters.count(session),
            fleet=fleet.last(session),
            rehearsal=rehearsals.last(session),
            losses=losses.counts(session),
        )


def _span(session: Session, since: datetime) -> Span:
    return Span(
        since, figures.durations(session, since), figures.outcomes(session, since), figures.failures(session, since)
    )
