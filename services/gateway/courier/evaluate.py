"""Outbox → Redis: queue the current attempt of an evaluation."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, cast
from uuid import UUID

from services.gateway.desk import Desk
from services.gateway.lifecycle import OPEN_STATES
from services.gateway.store import losses, submissions
from services.gateway.store.outbox import Kind
from shared.challenge import Numbering
from shared.messages import Job
from shared.queue import Queue


class Enqueuer:
    """Puts jobs in; a row that speaks of an attempt that is over is struck out."""

    kind: Kind = "evaluate"
    schedule: Sequence[float] = (0.2, 0.5, 1, 2)
    ends = False
    lease = timedelta(seconds=5)

    def __init__(self, desk: Desk, queue: Queue) -> None:
        self._desk = desk
        self._queue = queue

    async def act(self, payload: dict[str, Any]) -> None:
        """Queue it, then remember that Redis has it."""
        evaluation, attempt = UUID(payload["evaluation"]), int(payload["attempt"])
        job = await asyncio.to_thread(self._job, evaluation, attempt)
        if job is not None:
            await self._queue.put(job)
            await asyncio.to_thread(self._mark, evaluation, attempt)

    def _job(self, evaluation: UUID, attempt: int) -> Job | None:
        with self._desk.database.one_by_one() as session:
            found = submissions.attempted(session, evaluation, attempt)
            if found is None:
                return None
            row, submission = found
            if row.state not in OPEN_STATES and not losses.is_awaited(session, evaluation, attempt):
                return None
        assert submission.digest is not None
        assert submission.size_bytes is not None
        return Job(
            evaluation=row.id,
            attempt=row.attempt,
            submission_key=submission.object_key,
            submission_digest=submission.digest,
            submission_bytes=submission.size_bytes,
            definition=row.definition,
            truth=row.truth,
            task=submission.task,
            split=submission.split,
            labels=cast(Numbering, submission.labels),
        )

    def _mark(self, evaluation: UUID, attempt: int) -> None:
        with self._desk.database.one_by_one() as session:
            submissions.mark_enqueued(session, evaluation, attempt, self._desk.clock())
