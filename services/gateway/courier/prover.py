"""Proves that S3 has what it took: the report and the file of every evaluation, soon after its end and once a day.

A report that is gone is made anew: the same attempt is scored again, of the same file, definition and truth, which gives the
same bytes under the same key. Nothing else comes of it: an evaluation that has its outcome takes no other, is told of once
and charged once. What cannot be made anew, or came out otherwise, is noted until it is there again: `doctor` and `/status`
show it.
"""

import asyncio
import itertools
import logging
import threading
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from services.gateway.desk import Desk
from services.gateway.reports import has_report, report_of
from services.gateway.store import losses, orphans
from services.gateway.store.losses import Ended, State
from services.gateway.tables import ChoreRow
from services.gateway.threads import STORAGE
from shared import keys
from shared.digests import digest_of
from shared.errors import HoldoutError, Missing
from shared.report import REPORT_BYTES

log = logging.getLogger(__name__)

CHORE = "proof"

EVERY_SECONDS = 2.0

PAGE = 50
"""Evaluations looked at each time, at two or three questions: a hundred thousand in little more than an hour."""

SETTLED = timedelta(seconds=10)
"""After its end an evaluation is left alone for as long."""

AGAIN = timedelta(seconds=30)
"""Between two looks at what is missing."""

ROUND = timedelta(days=1)
"""How often all are looked at from the beginning."""

MOST = 100
"""So many may be missing before no more is looked for: a storage that has lost everything needs its backup."""

SAID: dict[State, str] = {
    "awaited": "has lost its report, which is made anew",
    "differs": "had lost its report, and ALARM: another one was made anew",
    "lost": "has lost the file that it judged",
}


class Prover:
    """Follows the evaluations as they end, and begins anew every day; where it is, is in the database.

    A loop of its own, so that a storage that is silent holds up no sweep.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._leaving = threading.Event()

    def leave(self) -> None:
        """Ask for nothing more: a page of a slow storage would hold up the process's end."""
        self._leaving.set()

    async def run(self) -> None:
        """For ever."""
        while True:
            try:
                await STORAGE.run(self.tend)
            except HoldoutError as error:
                log.warning("what S3 has was not looked at: %s", error)
            except Exception:
                log.exception("looking at what S3 has broke; trying again")
            await asyncio.sleep(EVERY_SECONDS)

    def tend(self) -> None:
        """What is missing, and the next page."""
        now = self._desk.clock()
        with self._desk.database.begin() as session:
            missing = losses.asked_before(session, now - AGAIN, PAGE)
            is_full = sum(losses.counts(session).values()) >= MOST
        for one in self._while_here(missing):
            self._note(one, self._state_now(one))
        if not is_full:
            self._page()

    def _while_here(self, page: Iterable[Ended]) -> Iterator[Ended]:
        return itertools.takewhile(lambda _: not self._leaving.is_set(), page)

    def _page(self) -> None:
        now = self._desk.clock()
        with self._desk.database.begin() as session:
            begun, place, number = self._round(orphans.chore(session, CHORE), now)
            page = losses.ended(session, place, now - SETTLED, PAGE)
        gone = [(one, state) for one in self._while_here(page) if (state := self._state(one)) is not None]
        if self._leaving.is_set():
            # The next courier begins with this page.
            return
        self._show_folders(page)
        for one, state in gone:
            self._note(one, state)
        place = page[-1].place if page else place
        with self._desk.database.begin() as session:
            orphans.came_to(session, CHORE, begun, place, number + len(gone))

    def _round(self, chore: ChoreRow | None, now: datetime) -> tuple[datetime, str | None, int]:
        """When the round began, how far it came, and how much was gone; of a new one where that was a day ago."""
        if chore is not None and chore.taken_at + ROUND > now:
            return chore.taken_at, chore.place, chore.removed
        return now, None, 0

    def _state(self, one: Ended) -> State | None:
        """What this one misses. Raises when S3 does not say."""
        if not self._desk.storage.exists(keys.SUBMISSIONS, one.object_key):
            return "lost"
        return None if has_report(self._desk.storage, one.id, one.attempt) else "awaited"

    def _state_now(self, one: Ended) -> State | None:
        """The same of one that missed something, with the bytes of its report looked at."""
        if (state := self._state(one)) is not None:
            return state
        try:
            content = report_of(self._desk.storage, one.id, one.attempt, REPORT_BYTES)
        except Missing:
            return "awaited"
        return None if digest_of(content) == one.report_digest else "differs"

    def _note(self, one: Ended, state: State | None) -> None:
        now = self._desk.clock()
        with self._desk.database.begin() as session:
            if state is None:
                losses.forget(session, one.id)
                log.warning("what S3 had lost of evaluation %s is there again", one.id)
                return
            is_news = losses.note(session, one.id, state, now)
            if state == "awaited":
                losses.ask(session, one.id, one.attempt, now)
        if is_news:
            log.error("evaluation %s: S3 %s", one.id, SAID[state])

    def _show_folders(self, page: Iterable[Ended]) -> None:
        """Have a folder listed that S3 has objects in (SeaweedFS on a full disk makes those without the folder)."""
        for folder, key in {one.object_key.rpartition("/")[0]: one.object_key for one in page}.items():
            if not self._desk.storage.has_below(keys.SUBMISSIONS, f"{folder}/"):
                self._desk.storage.put(keys.SUBMISSIONS, keys.folder_key(key), b"")
                self._desk.storage.delete(keys.SUBMISSIONS, keys.folder_key(key))
                log.warning("S3 did not list %s/, and does again", folder)
