"""The end that puts jobs in, each into the lane of its kind: the courier's."""

import contextlib
from collections.abc import AsyncIterator, Sequence

from arq.constants import job_key_prefix
from arq.utils import timestamp_ms

from shared.errors import Unavailable
from shared.messages import Alive, FileJob
from shared.queue.connection import FAULTS, FUNCTION, QueueAddress, connections, wake_channel
from shared.queue.health import PATTERN, read_sign


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

    async def fleet(self) -> list[Alive]:
        """Every worker that gives signs of life, in every lane, by name."""
        async with self._errors():
            found = [key.decode() async for key in self._pool.scan_iter(match=PATTERN, count=1000)]
            signs = await self._pool.mget(found) if found else []
        alive = [read_sign(key, sign) for key, sign in zip(found, signs, strict=True) if sign is not None]
        return sorted(alive, key=lambda sign: (sign.lane, sign.name))

    async def server(self) -> dict[str, str]:
        """What the server says that it is: `name`, its `version`, and the `redis_version` that it stands for."""
        async with self._errors():
            said = await self._pool.info("server")
        name = "Valkey" if "valkey_version" in said else "Redis"
        redis_version = str(said["redis_version"])
        return {
            "name": name,
            "version": str(said.get("valkey_version", redis_version)),
            "redis_version": redis_version,
        }

    async def due(self, lane: str) -> int:
        """How many jobs of a lane are running, or would be if a worker were free: all but those that pause after a run."""
        async with self._errors():
            return int(await self._pool.zcount(lane, "-inf", timestamp_ms()))

    async def length(self, lane: str) -> int:
        """How many jobs a lane holds, waiting, running or pausing."""
        async with self._errors():
            return int(await self._pool.zcard(lane))

    async def close(self) -> None:
        """Let the connections go."""
        await self._pool.aclose()

    @contextlib.asynccontextmanager
    async def _errors(self) -> AsyncIterator[None]:
        try:
            yield
        except FAULTS as error:
            raise Unavailable("queue-unavailable", f"the queue does not answer: {error}") from error
