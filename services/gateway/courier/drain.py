"""Works one kind of outbox row off: claim, act, strike out or postpone. Woken by a bell, else by the next due row."""

import asyncio
import contextlib
import logging
import random
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Protocol

from services.gateway.courier.schedule import wait_seconds
from services.gateway.desk import Desk
from services.gateway.store import outbox
from services.gateway.tables import OutboxRow
from shared.errors import HoldoutError, Unavailable

log = logging.getLogger(__name__)

RECORD_PAUSE_SECONDS = 0.5
"""Between two tries to write down how a deed ended, while the database is away."""

GATHERING_SECONDS = 0.02
"""While deeds are under way, bells are gathered: fifty looks at the outbox a second, however many events there are."""

LONGEST_NAP_SECONDS = 5.0
"""Bounds a bell that was lost, and a row whose courier died with it claimed."""


class Later(Exception):
    """The deed could not be done now: `after_seconds` asks for a longer wait than the schedule's."""

    def __init__(self, cause: str, after_seconds: float = 0) -> None:
        super().__init__(cause)
        self.after_seconds = after_seconds


class Never(Exception):
    """The deed is not to be done, however often it is tried: it is given up, and stays to be seen."""


class Deed(Protocol):
    """How one kind is done. `schedule` are the waits after each failed attempt, in seconds.

    Where `ends` is true the last wait is followed by giving up; else the last wait repeats for ever.
    `lease` must be longer than one attempt can last.
    """

    kind: outbox.Kind
    schedule: Sequence[float]
    ends: bool
    lease: timedelta

    async def act(self, payload: dict[str, Any]) -> None:
        """Do it, or raise: `Later` and `HoldoutError` are foreseen, anything else is logged with its traceback.

        All are tried again by the schedule, after `Never` nothing is. Doing it twice must do no harm.
        """


class Drain:
    """One loop per kind, so that a slow kind delays no other; up to `at_once` deeds side by side."""

    def __init__(self, desk: Desk, deed: Deed, at_once: int) -> None:
        self._desk = desk
        self._deed = deed
        self._at_once = at_once
        self._bell = asyncio.Event()
        self._running: dict[asyncio.Task[None], OutboxRow] = {}
        self._leaving = False

    def wake(self) -> None:
        """There may be something to do."""
        self._bell.set()

    def leave(self) -> None:
        """Take nothing more."""
        self._leaving = True
        self.wake()

    async def finish(self, seconds: float) -> None:
        """After `run`: let what is under way come to its end within `seconds`; give back at once what does not."""
        if not self._running:
            return
        _, late = await asyncio.wait(self._running, timeout=seconds)
        rows = [self._running[task] for task in late]
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
        await asyncio.to_thread(self._hand_back, rows)

    async def run(self) -> None:
        """Until told to leave. Each deed runs in a task of its own: a slow one holds its place, not the loop."""
        while not self._leaving:
            self._bell.clear()
            try:
                nap = await self._start_due()
            except HoldoutError as error:
                log.warning("outbox not read: %s", error)
                nap = 1.0
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(nap):
                    await self._bell.wait()
            if self._running:
                await asyncio.sleep(GATHERING_SECONDS)

    async def _start_due(self) -> float:
        room = self._at_once - len(self._running)
        now = self._desk.clock()
        rows = await asyncio.to_thread(self._claim, now, room) if room else []
        if self._leaving:
            await asyncio.to_thread(self._hand_back, rows)
            return 0
        for row in rows:
            task = asyncio.create_task(self._do(row))
            self._running[task] = row
            task.add_done_callback(self._ended)
        if rows or not room:
            # The end of one of these wakes us, and then we look again.
            return LONGEST_NAP_SECONDS
        return await asyncio.to_thread(self._nap, now)

    def _ended(self, task: asyncio.Task[None]) -> None:
        del self._running[task]
        self.wake()
        if not task.cancelled() and task.exception() is not None:
            log.error("how a deed of kind %s ended was not recorded", self._deed.kind, exc_info=task.exception())

    async def _do(self, row: OutboxRow) -> None:
        try:
            await self._deed.act(row.payload)
        except Never as error:
            await self._record(row, partial(self._give_up, row, str(error)))
        except (Later, HoldoutError) as error:
            wait = error.after_seconds if isinstance(error, Later) else 0
            await self._record(row, partial(self._postpone, row, str(error), wait))
        except Exception as error:
            log.exception("a deed of kind %s broke: %s", row.kind, row.payload)
            await self._record(row, partial(self._postpone, row, f"{type(error).__name__}: {error}", 0))
        else:
            await self._record(row, partial(self._strike_out, row))

    async def _record(self, row: OutboxRow, end: Callable[[], None]) -> None:
        """Write down how a deed ended, as soon as the database is there for it, lest it be done or waited for again.

        It is not tried after its lease: then the row may be another's.
        """
        while True:
            try:
                return await asyncio.to_thread(end)
            except Unavailable:
                if row.leased_until is None or self._desk.clock() >= row.leased_until:
                    raise
            await asyncio.sleep(RECORD_PAUSE_SECONDS)

    def _claim(self, now: datetime, room: int) -> Sequence[OutboxRow]:
        with self._desk.database.one_by_one() as session:
            return outbox.claim(session, self._deed.kind, now, self._deed.lease, room)

    def _hand_back(self, rows: Sequence[OutboxRow]) -> None:
        if not rows:
            return
        try:
            with self._desk.database.begin() as session:
                outbox.hand_back(session, rows, self._desk.clock())
        except HoldoutError as error:
            log.warning("%d deeds are not handed back, and wait for their leases to end: %s", len(rows), error)

    def _nap(self, claimed: datetime) -> float:
        with self._desk.database.one_by_one() as session:
            due = outbox.next_due(session, self._deed.kind, claimed)
        if due is None:
            return LONGEST_NAP_SECONDS
        return min(LONGEST_NAP_SECONDS, max(0.01, (due - self._desk.clock()).total_seconds()))

    def _strike_out(self, row: OutboxRow) -> None:
        with self._desk.database.one_by_one() as session:
            ours = outbox.done(session, row)
        self._note_lost(row, ours)

    def _give_up(self, row: OutboxRow, error: str) -> None:
        with self._desk.database.one_by_one() as session:
            ours = outbox.give_up(session, row, self._desk.clock(), error)
        self._note_lost(row, ours)

    def _postpone(self, row: OutboxRow, error: str, at_least_seconds: float) -> None:
        if self._deed.ends and row.attempts > len(self._deed.schedule):
            log.error("gave up %s %s after %s attempts: %s", row.kind, row.payload, row.attempts, error)
            self._give_up(row, error)
            return
        until = self._next(row.attempts, self._desk.clock(), at_least_seconds)
        with self._desk.database.one_by_one() as session:
            ours = outbox.postpone(session, row, until, error)
        self._note_lost(row, ours)

    def _note_lost(self, row: OutboxRow, ours: bool) -> None:
        """A courier that stood still past its lease: what has become of the deed since is another's to say."""
        if not ours:
            log.debug("the end of %s %s is not written down: its lease was over", row.kind, row.id)

    def _next(self, attempts: int, now: datetime, at_least_seconds: float) -> datetime:
        luck = random.random()  # noqa: S311 - spreads load, guards nothing
        return now + timedelta(seconds=wait_seconds(self._deed.schedule, attempts, at_least_seconds, luck))
