"""Redis: put evaluations in, work them off. JSON only; the only door to arq.

The queue rings bells, it remembers nothing that matters: the database holds every open evaluation and puts a lost job
in again. arq is bent in three places (docs/decisions): a short lease that a live worker renews, so that a killed
worker's job returns in seconds; waking by publish/subscribe instead of a fixed poll; surviving a Redis restart.
"""

import asyncio
import contextlib
import json
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, cast

from arq.connections import ArqRedis, RedisSettings, create_pool
from arq.constants import in_progress_key_prefix, job_key_prefix
from arq.typing import WorkerCoroutine
from arq.worker import Worker, func
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as RedisTimeoutError

from shared.errors import Unavailable
from shared.messages import Job

log = logging.getLogger(__name__)

EVALUATIONS = "evaluations"
WAKE_CHANNEL = "evaluations:wake"
FUNCTION = "evaluate"

JOB_LIFE = timedelta(days=30)
"""arq forgets a job after a day by default; a queue may stand longer than that."""

IDLE_SECONDS = 1.0
"""The longest nap between two looks at the queue. Bells cut it short; it bounds a lost bell and a lease's takeover."""

Handler = Callable[[Job, int], Awaitable[None]]
"""Works one job off; the second argument counts how often the queue has handed this job out (1, 2, …)."""


@dataclass(frozen=True, slots=True)
class QueueAddress:
    """Where Redis is, and who we are there."""

    host: str
    port: int
    username: str
    password: str = field(repr=False)


def _settings(address: QueueAddress) -> RedisSettings:
    return RedisSettings(
        host=address.host,
        port=address.port,
        username=address.username,
        password=address.password,
        conn_timeout=2,
        conn_retries=3,
        conn_retry_delay=1,
        retry=Retry(ExponentialBackoff(cap=0.5, base=0.05), 3),
        retry_on_error=[RedisConnectionError, RedisTimeoutError],
    )


def _pack(value: dict[str, Any]) -> bytes:
    return json.dumps(value, default=str).encode()


def _unpack(data: bytes) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(data)
    return value


class Queue:
    """The end that puts in. Connects when first used, and again after a fault."""

    def __init__(self, address: QueueAddress) -> None:
        self._address = address
        self._pool: ArqRedis | None = None

    async def put(self, job: Job) -> None:
        """Put `job` in and wake a worker. A job that is already there, waiting or running, stays as it is."""
        async with self._errors():
            pool = await self._connected()
            await pool.enqueue_job(FUNCTION, job.model_dump(mode="json"), _job_id=job.job_id, _expires=JOB_LIFE)
            await pool.publish(WAKE_CHANNEL, job.job_id)

    async def holds(self, job_ids: Sequence[str]) -> set[str]:
        """Those of `job_ids` that are in the queue, waiting or running."""
        async with self._errors():
            pool = await self._connected()
            values = await pool.mget([job_key_prefix + job_id for job_id in job_ids]) if job_ids else []
            return {job_id for job_id, value in zip(job_ids, values, strict=True) if value is not None}

    async def close(self) -> None:
        """Let the connections go."""
        if self._pool is not None:
            await self._pool.aclose()
            self._pool = None

    async def _connected(self) -> ArqRedis:
        if self._pool is None:
            self._pool = await create_pool(
                _settings(self._address),
                job_serializer=_pack,
                job_deserializer=_unpack,
                default_queue_name=EVALUATIONS,
            )
        return self._pool

    @contextlib.asynccontextmanager
    async def _errors(self) -> Any:
        try:
            yield
        except (RedisError, OSError, TimeoutError) as error:
            raise Unavailable("queue-unavailable", f"the queue does not answer: {error}") from error


@dataclass(frozen=True, slots=True)
class WorkerPlan:
    """How one worker works: its name, jobs at once, lease, and how long it may finish after SIGTERM.

    `fleet_slots` is the number of jobs that all workers together may run: arq must read past every running job to see a
    waiting one, so it reads four times that many.
    """

    name: str
    slots: int = 1
    lease_seconds: float = 3.0
    drain_seconds: int = 60
    job_timeout_seconds: float = 3600.0
    fleet_slots: int = 256


class LeasedWorker(Worker):
    """arq's worker with a short, renewed lease, woken by bells, outliving Redis restarts."""

    def __init__(self, address: QueueAddress, plan: WorkerPlan, handle: Handler) -> None:
        async def evaluate(context: dict[str, Any], content: dict[str, Any]) -> None:
            await handle(Job.model_validate_json(json.dumps(content)), int(context["job_try"]))

        super().__init__(
            functions=[func(cast(WorkerCoroutine, evaluate), name=FUNCTION)],
            queue_name=EVALUATIONS,
            redis_settings=_settings(address),
            max_jobs=plan.slots,
            job_timeout=plan.job_timeout_seconds,
            job_completion_wait=plan.drain_seconds,
            keep_result=0,
            max_tries=1_000_000,
            queue_read_limit=4 * plan.fleet_slots,
            health_check_key=f"{EVALUATIONS}:health:{plan.name}",
            health_check_interval=10,
            job_serializer=_pack,
            job_deserializer=_unpack,
            log_results=False,
        )
        self.in_progress_timeout_s = plan.lease_seconds
        self._awake = asyncio.Event()

    async def main(self) -> None:
        """Look at the queue whenever a bell rings, a job ends or the nap is over; for ever."""
        listener: asyncio.Task[None] | None = None
        try:
            while True:
                try:
                    if self._pool is None:
                        await self._connect()
                    if listener is None:
                        listener = asyncio.create_task(self._listen())
                    self._awake.clear()
                    await self._poll_iteration()
                except (RedisError, OSError, TimeoutError) as error:
                    log.warning("the queue does not answer (%s); trying again", error)
                    await asyncio.sleep(0.2)
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._awake.wait(), IDLE_SECONDS)
        finally:
            if listener is not None:
                listener.cancel()

    async def run_job(self, job_id: str, score: int) -> None:
        """Run the job while renewing its lease every third of it."""
        renewal = asyncio.create_task(self._renew(job_id))
        try:
            await super().run_job(job_id, score)
        finally:
            renewal.cancel()
            self._awake.set()

    async def _connect(self) -> None:
        self._pool = await create_pool(
            self.redis_settings,
            job_serializer=_pack,
            job_deserializer=_unpack,
            default_queue_name=EVALUATIONS,
        )

    async def _renew(self, job_id: str) -> None:
        lease_ms = int(self.in_progress_timeout_s * 1000)
        while True:
            await asyncio.sleep(self.in_progress_timeout_s / 3)
            try:
                await self.pool.pexpire(in_progress_key_prefix + job_id, lease_ms)
            except (RedisError, OSError, TimeoutError) as error:
                log.warning("lease of %s not renewed: %s", job_id, error)

    async def _listen(self) -> None:
        while True:
            try:
                async with self.pool.pubsub() as bells:
                    await bells.subscribe(WAKE_CHANNEL)
                    async for _ in bells.listen():
                        self._awake.set()
            except (RedisError, OSError, TimeoutError) as error:
                log.warning("no bells from the queue (%s); looking every %.0f s", error, IDLE_SECONDS)
            await asyncio.sleep(0.5)


def work_off(address: QueueAddress, plan: WorkerPlan, handle: Handler) -> None:
    """Work jobs off until SIGTERM; then finish what runs (up to `drain_seconds`) and hand the rest back at once."""
    LeasedWorker(address, plan, handle).run()
