"""Looks after what was lost: uploads and dry runs whose gateway died, jobs that Redis forgot, outcomes nobody heard.

The database is the truth about state; a sweep only compares it with Redis and S3 and puts right what differs.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from datetime import timedelta
from typing import Any

from services.gateway.actions.apply import apply_report, conclude
from services.gateway.actions.check import WINDOW, clear_check
from services.gateway.actions.complete import clear
from services.gateway.actions.evaluate import evaluate_some_anew
from services.gateway.actions.overdue import give_up_overdue
from services.gateway.actions.remember import forget
from services.gateway.actions.submit import abandon
from services.gateway.courier.janitor import Janitor
from services.gateway.courier.retention import Retention
from services.gateway.desk import Desk
from services.gateway.settings import CourierSettings
from services.gateway.store import checks, line, outbox, rescoring, submissions, uploads
from services.gateway.tables import EvaluationRow, SubmissionRow
from services.gateway.threads import SWEEPS
from shared.errors import Broken, HoldoutError, Missing
from shared.messages import job_id
from shared.queue import Queue

log = logging.getLogger(__name__)

BATCH = 200
"""Rows looked after per sweep: a thousand lost jobs are back in five sweeps."""


class Sweeps:
    """Every `sweep_seconds`, each sweep once."""

    def __init__(self, desk: Desk, queue: Queue, settings: CourierSettings) -> None:
        self._desk = desk
        self._queue = queue
        self._settings = settings
        self._retention = Retention(desk, settings)
        self._janitor = Janitor(desk, settings)

    async def run(self) -> None:
        """For ever."""
        while True:
            await self._guarded(lambda: SWEEPS.run(self.abandon_overdue))
            await self._guarded(lambda: SWEEPS.run(self.clear_uploads))
            await self._guarded(lambda: SWEEPS.run(self.clear_checks))
            await self._guarded(self.look_after_silent)
            await self._guarded(lambda: SWEEPS.run(self.evaluate_anew))
            await self._guarded(lambda: SWEEPS.run(self._retention.tend))
            await self._guarded(lambda: SWEEPS.run(self.forget_requests))
            await self._guarded(lambda: SWEEPS.run(self.give_up_models))
            await self._guarded(lambda: SWEEPS.run(self._janitor.tend))
            await asyncio.sleep(self._settings.sweep_seconds)

    async def _guarded(self, sweep: Callable[[], Coroutine[Any, Any, None]]) -> None:
        try:
            await sweep()
        except HoldoutError as error:
            log.warning("sweep put off: %s", error)
        except Exception:
            log.exception("a sweep broke; the next one tries again")

    def abandon_overdue(self) -> None:
        """Uploads that should long have ended: undo them, give the places back, leave no parts in S3."""
        now = self._desk.clock()
        with self._desk.database.begin() as session:
            overdue = submissions.overdue(session, now, BATCH)
        for row in overdue:
            try:
                abandon(self._desk, row.id)
            except Exception:
                log.exception("submission %s could not be abandoned", row.id)
            else:
                log.warning("submission %s was never finished: abandoned", row.id)

    def clear_uploads(self) -> None:
        """Parts of uploads that have ended: what their gateway did not live to delete, or stored after the end."""
        with self._desk.database.begin() as session:
            ended = uploads.to_clear(session, self._desk.clock(), BATCH)
        for row in ended:
            try:
                clear(self._desk, row.team_id, row.id)
                with self._desk.database.begin() as session:
                    uploads.cleared(session, row.id)
            except Exception:
                log.exception("parts of upload %s could not be cleared", row.id)

    def clear_checks(self) -> None:
        """Dry runs that nobody cleared: leave nothing of them, and forget those that no limit counts any more."""
        now = self._desk.clock()
        with self._desk.database.begin() as session:
            checks.forget_old(session, now - WINDOW)
            overdue = checks.overdue(session, now, BATCH)
        for row in overdue:
            try:
                clear_check(self._desk, row.id, counts=row.finished_at is not None)
            except Exception:
                log.exception("check %s could not be cleared", row.id)

    def forget_requests(self) -> None:
        """Idempotency keys that have had their time."""
        if forgotten := forget(self._desk, timedelta(days=self._settings.requests_days)):
            log.info("%s requests are older than their keys are kept: forgotten", forgotten)

    def give_up_models(self) -> None:
        """Models of batches whose files never came."""
        if given_up := give_up_overdue(self._desk, BATCH):
            log.info("%d models of batches never came: refused", given_up)

    def evaluate_anew(self) -> None:
        """What a `publish` that died has left to be evaluated under its version; one that lives is helped."""
        with self._desk.database.begin() as session:
            owed = rescoring.owed(session)
        for challenge in owed:
            if number := evaluate_some_anew(self._desk.database, self._desk.clock, challenge):
                log.info("%d submissions to %s are evaluated anew", number, challenge)

    async def look_after_silent(self) -> None:
        """Open evaluations that Redis was given and that are silent: waiting, lost, or done without our hearing."""
        silent = await SWEEPS.run(self._silent)
        held = await self._queue.holds([_job_id(row) for row in silent])
        waiting = [row for row in silent if _job_id(row) in held and row.state == "queued"]
        await SWEEPS.run(self._mark_seen, waiting)
        for row in silent:
            if row not in waiting:
                await SWEEPS.run(self._look_after_guarded, row, _job_id(row) in held)

    def _look_after_guarded(self, row: EvaluationRow, held: bool) -> None:
        """A row that cannot be looked after goes to the end of the line, so that it starves none behind it."""
        try:
            self._look_after(row, held)
        except Exception:
            log.exception("%s could not be looked after", _job_id(row))
            self._mark_seen([row])

    def _look_after(self, row: EvaluationRow, held: bool) -> None:
        try:
            apply_report(self._desk, row.id, row.attempt, {})
        except Missing:
            pass
        except Broken as error:
            # A newer gateway may be able to read it, but nobody waits for that for ever.
            if error.code != "report-unreadable" or not self._is_overdue(row):
                raise
        else:
            log.warning("outcome of %s was never heard: applied from its report", _job_id(row))
            return
        if held and not self._is_overdue(row):
            self._mark_seen([row])
        elif self._is_overdue(row) or self._has_had_its_attempts(row):
            self._fail(row)
        else:
            self._try_again(row)

    def _is_overdue(self, row: EvaluationRow) -> bool:
        limit = timedelta(seconds=self._settings.attempt_seconds)
        return row.started_at is not None and row.started_at + limit < self._desk.clock()

    def _has_had_its_attempts(self, row: EvaluationRow) -> bool:
        """What the queue has lost before a scorer began it is no attempt at the file."""
        return row.begun + (row.started_at is not None) >= self._settings.attempts

    def _try_again(self, row: EvaluationRow) -> None:
        now = self._desk.clock()
        with self._desk.database.begin() as session:
            if submissions.next_attempt(session, row.id, row.attempt, now):
                submission = session.get_one(SubmissionRow, row.submission_id)
                outbox.stand_in_line(session, row.id, row.attempt + 1, submission, line.AGAIN, now)
                log.warning("the queue has lost %s: queued again", _job_id(row))

    def _fail(self, row: EvaluationRow) -> None:
        log.error("%s has had its time: failed and refunded", _job_id(row))
        sentence = "no scorer finished this file in the time and attempts there are; nothing is charged"
        conclude(
            self._desk,
            row.id,
            row.attempt,
            {"state": "failed", "failure": {"code": "never-finished", "sentence": sentence, "remedy": ""}},
        )

    def _silent(self) -> list[EvaluationRow]:
        before = self._desk.clock() - timedelta(seconds=self._settings.silence_seconds)
        with self._desk.database.begin() as session:
            return list(submissions.silent(session, before, BATCH))

    def _mark_seen(self, rows: list[EvaluationRow]) -> None:
        if rows:
            with self._desk.database.begin() as session:
                submissions.mark_seen(session, [row.id for row in rows], self._desk.clock())


def _job_id(row: EvaluationRow) -> str:
    return job_id(row.id, row.attempt)
