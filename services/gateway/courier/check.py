"""Outbox → Redis: queue a dry run, in the lane of its own."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, cast
from uuid import UUID

from services.gateway.desk import Desk
from services.gateway.store.outbox import Kind
from services.gateway.tables import CheckRow
from shared.challenge import Numbering
from shared.messages import CheckJob
from shared.queue import Queue


class CheckEnqueuer:
    """Puts dry runs in. One that nobody waits for any more is struck out, so none is owed for ever."""

    kind: Kind = "check"
    schedule: Sequence[float] = (0.2, 0.5, 1, 2)
    ends = False
    lease = timedelta(seconds=5)

    def __init__(self, desk: Desk, queue: Queue) -> None:
        self._desk = desk
        self._queue = queue

    async def act(self, payload: dict[str, Any]) -> None:
        """Queue it. What the queue then loses is not put in again: whoever waits is told so in time."""
        job = await asyncio.to_thread(self._job, UUID(payload["check"]))
        if job is not None:
            await self._queue.put(job)

    def _job(self, check: UUID) -> CheckJob | None:
        with self._desk.database.begin() as session:
            row = session.get(CheckRow, check)
        if row is None or row.digest is None or row.size_bytes is None or row.cleared_at or row.finished_at:
            return None
        return CheckJob(
            check=row.id,
            wait_seconds=self._desk.settings.check_seconds,
            submission_key=row.object_key,
            submission_digest=row.digest,
            submission_bytes=row.size_bytes,
            definition=row.definition,
            task=row.task,
            split=row.split,
            labels=cast(Numbering, row.labels),
        )
