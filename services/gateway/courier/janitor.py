"""Keeps `submissions` clean of what no row names: what a delete that failed, or a gateway that died, has left in S3.

Why it takes nothing that is needed: every key holds the random id of a row that is committed before the first byte is
written, so an object whose row is not there, or has ended, is not being written. Rows only ever go from open to sealed or
abandoned: what no row names stays unnamed. The rows are asked after the object was listed. And it is deleted a day
after it was first seen like that, so that a database that was restored to an earlier state costs no bytes at once.
"""

import logging
from datetime import datetime, timedelta

from services.gateway.desk import Desk
from services.gateway.settings import CourierSettings
from services.gateway.store import orphans
from shared import keys
from shared.storage import Unfinished

log = logging.getLogger(__name__)

CHORE = "orphans"
PAGE = 1000
"""Objects looked at per sweep, which come every 2 s: a million in 34 minutes, none of it in the way of anything."""

MARGIN = timedelta(hours=1)
"""On top of the longest upload, before one that S3 still holds the parts of is taken for left."""

SEEN_KEPT = timedelta(days=7)
"""What was seen so long before it could have been deleted went by other hands."""


class Janitor:
    """Page by page through the bucket, at most one round in each `janitor_seconds`; where it is, is in the database."""

    def __init__(self, desk: Desk, settings: CourierSettings) -> None:
        self._desk = desk
        self._settings = settings

    def tend(self) -> None:
        """The next page, if a round is under way or due."""
        now = self._desk.clock()
        with self._desk.database.begin() as session:
            chore = orphans.chore(session, CHORE)
        if chore is not None and chore.place is not None:
            self._page(chore.taken_at, chore.place, chore.removed)
        elif chore is None or chore.taken_at + timedelta(seconds=self._settings.janitor_seconds) <= now:
            self._abort_left(now)
            self._page(now, "", 0)

    def _page(self, begun: datetime, after: str, removed: int) -> None:
        """Look at the keys behind `after`. Two couriers at once do the same, and no harm."""
        found = self._desk.storage.page(keys.SUBMISSIONS, after, PAGE)
        removed += self._remove(found)
        grace = timedelta(hours=self._settings.orphan_hours)
        place = found[-1] if len(found) == PAGE else None
        with self._desk.database.begin() as session:
            if place is None:
                orphans.forget_before(session, self._desk.clock() - grace - SEEN_KEPT)
            orphans.came_to(session, CHORE, begun, place, removed)

    def _remove(self, found: list[str]) -> int:
        now = self._desk.clock()
        with self._desk.database.begin() as session:
            named = orphans.named(session, found)
            alone = [key for key in found if key not in named and orphans.is_ours(key)]
            old = orphans.old_ones(session, alone, now, now - timedelta(hours=self._settings.orphan_hours))
        if old:
            log.warning(
                "no row names %d objects of %s since a day: deleted, from %s", len(old), keys.SUBMISSIONS, old[0]
            )
            self._desk.storage.delete_all(keys.SUBMISSIONS, old)
            with self._desk.database.begin() as session:
                orphans.forget(session, old)
        return len(old)

    def _abort_left(self, now: datetime) -> None:
        """End uploads in S3 that nobody finishes: begun before the longest upload, by no row that may still write."""
        before = now - timedelta(seconds=self._settings.upload_seconds) - MARGIN
        left = [one for one in self._desk.storage.unfinished(keys.SUBMISSIONS) if one.begun_at < before]
        for start in range(0, len(left), PAGE):
            self._abort(left[start : start + PAGE])

    def _abort(self, left: list[Unfinished]) -> None:
        with self._desk.database.begin() as session:
            writing = orphans.writing(session, [one.key for one in left])
        for one in left:
            if one.key not in writing and orphans.is_ours(one.key):
                self._desk.storage.abort(keys.SUBMISSIONS, one)
                log.warning("an upload to %s was begun at %s and never finished: aborted", one.key, one.begun_at)
