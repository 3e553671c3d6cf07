"""The end that puts jobs in, each into the lane of its kind: the courier's."""

import contextlib
from collections.abc import AsyncIterator, Sequence

from arq.constants import job_key_prefix

from shared.errors import Unavailable
from shared.messages import FileJob
from shared.queue.connection import (
    FAULTS,
    FUNCTION,
    QueueAddress,
    connections,
    health_key,
    slots_key,
    wake_channel,
)


class Queue:
    """The end that puts in. Connects when first used, and again after a fault."""

    def __init__(self, address: QueueAddress) -> None:
        self._pool = connections(address)

    async def put(self, job: FileJob) -> None:
        """Put `job` in and wake a worker. A job that is already there, waiting or running, stays as it is."""
        async with self._errors():
            content = job.model_dump(mode="json")
            added = await self._pool.enqueue_job(
                FUNCTION, content, _job_id=job.job_id, _queue_name=job.lane, _expires=job.life
            )
            # arq says the same of a job that is there and of a connection that broke before it was.
            if added is None and not await self._pool.exists(job_key_prefix + job.job_id):
                raise Unavailable("queue-unavailable", "the queue did not take the job")
            await self._pool.publish(wake_channel(job.lane), job.job_id)

    async def holds(self, job_ids: Sequence[str]) -> set[str]:
        """Those of `job_ids` that are in the queue, waiting or running."""
        async with self._errors():
            values = await self._pool.mget([job_key_prefix + job_id for job_id in job_ids]) if job_ids else []
            return {job_id for job_id, value in zip(job_ids, values, strict=True) if value is not None}

    async def length(self, lane: str) -> int:
        """How many jobs a lane holds, waiting or running."""
        async with self._errors():
            return int(await self._pool.zcard(lane))

    async def workers(self, lane: str) -> dict[str, int]:
        """The workers of a lane that are alive, by name, and how many jobs each runs at once."""
        async with self._errors():
            found = [key.decode() async for key in self._pool.scan_iter(match=health_key(lane, "*"), count=1000)]
            names = [key.removeprefix(health_key(lane, "")) for key in found]
            slots = await self._pool.mget([slots_key(lane, name) for name in names]) if names else []
        # One of the version before does not say; it has one slot unless it was told otherwise.
        return {name: int(value or 1) for name, value in zip(names, slots, strict=True)}

    async def close(self) -> None:
        """Let the connections go."""
        await self._pool.aclose()

    @contextlib.asynccontextmanager
    async def _errors(self) -> AsyncIterator[None]:
        try:
            yield
        except FAULTS as error:
            raise Unavailable("queue-unavailable", f"the queue does not answer: {error}") from error
