"""Redis: put evaluations in, work them off. JSON only; the only door to arq.

The queue rings bells, it remembers nothing that matters: the database holds every open evaluation and puts a lost job
in again. arq is bent where it would lose or delay work; docs/decisions/0011-arq-behind-one-door.md lists each place.
"""

import asyncio
import contextlib
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, cast

from arq.connections import ArqRedis
from arq.constants import in_progress_key_prefix, job_key_prefix, retry_key_prefix
from arq.typing import WorkerCoroutine
from arq.worker import Retry as RetryLater
from arq.worker import Worker, func
from pydantic import ValidationError
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

SILENCE_SECONDS = 5.0
"""A server that says nothing for so long is taken for lost: answers come in under a millisecond."""

LONGEST_PAUSE_SECONDS = 60.0
"""Between two runs of a job that keeps failing."""

FAULTS = (RedisError, OSError, TimeoutError)
"""What redis-py raises when the server is away or refuses."""

Handler = Callable[[Job, int], Awaitable[None]]
"""Works one job off; the second argument counts the runs of this job that began and were not handed back (1, 2, …)."""


class Again(Exception):
    """Raised by a handler: hand this job out again in `delay_seconds`. Only a `counted` run moves the count on."""

    def __init__(self, delay_seconds: float, counted: bool = False) -> None:
        super().__init__(f"again in {delay_seconds:g} s")
        self.delay_seconds = delay_seconds
        self.counted = counted


@dataclass(frozen=True, slots=True)
class QueueAddress:
    """Where Redis is, and who we are there."""

    host: str
    port: int
    username: str
    password: str = field(repr=False)


def _connections(address: QueueAddress) -> ArqRedis:
    """A pool that connects when used. arq's own `create_pool` would ask at once, and raise while Redis is away."""
    return ArqRedis(
        host=address.host,
        port=address.port,
        username=address.username,
        password=address.password,
        socket_connect_timeout=2,
        socket_timeout=SILENCE_SECONDS,
        retry=Retry(ExponentialBackoff(cap=0.5, base=0.05), 3),
        retry_on_error=[RedisConnectionError, RedisTimeoutError],
        job_serializer=_pack,
        job_deserializer=_unpack,
        default_queue_name=EVALUATIONS,
    )


def _pack(value: dict[str, Any]) -> bytes:
    return json.dumps(value, default=str).encode()


def _unpack(data: bytes) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(data)
    return value


class Queue:
    """The end that puts in. Connects when first used, and again after a fault."""

    def __init__(self, address: QueueAddress) -> None:
        self._pool = _connections(address)

    async def put(self, job: Job) -> None:
        """Put `job` in and wake a worker. A job that is already there, waiting or running, stays as it is."""
        async with self._errors():
            content = job.model_dump(mode="json")
            added = await self._pool.enqueue_job(FUNCTION, content, _job_id=job.job_id, _expires=JOB_LIFE)
            # arq says the same of a job that is there and of a connection that broke before it was.
            if added is None and not await self._pool.exists(job_key_prefix + job.job_id):
                raise Unavailable("queue-unavailable", "the queue did not take the job")
            await self._pool.publish(WAKE_CHANNEL, job.job_id)

    async def holds(self, job_ids: Sequence[str]) -> set[str]:
        """Those of `job_ids` that are in the queue, waiting or running."""
        async with self._errors():
            values = await self._pool.mget([job_key_prefix + job_id for job_id in job_ids]) if job_ids else []
            return {job_id for job_id, value in zip(job_ids, values, strict=True) if value is not None}

    async def close(self) -> None:
        """Let the connections go."""
        await self._pool.aclose()

    @contextlib.asynccontextmanager
    async def _errors(self) -> AsyncIterator[None]:
        try:
            yield
        except FAULTS as error:
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
    """arq's worker with a short, renewed lease, woken by bells, outliving Redis."""

    def __init__(self, address: QueueAddress, plan: WorkerPlan, handle: Handler) -> None:
        super().__init__(
            functions=[func(cast(WorkerCoroutine, _as_arq_calls(handle)), name=FUNCTION)],
            queue_name=EVALUATIONS,
            redis_pool=_connections(address),
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
        self._plan = plan
        self._awake = asyncio.Event()

    async def main(self) -> None:
        """Look at the queue whenever a bell rings, a job ends or the nap is over; for ever."""
        listener = asyncio.create_task(self._listen())
        answered = False
        try:
            while True:
                self._awake.clear()
                try:
                    await self._poll_iteration()
                except FAULTS as error:
                    log.warning("the queue does not answer (%s); trying again", error)
                    answered = False
                else:
                    if not answered:
                        log.info("worker %s ready: takes jobs, %d at once", self._plan.name, self._plan.slots)
                        answered = True
                # Not wait_for: in Python 3.11 it swallows a cancellation that comes together with the bell.
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(IDLE_SECONDS):
                        await self._awake.wait()
        finally:
            await _cancelled(listener)

    async def start_jobs(self, job_ids: list[bytes]) -> None:
        """Start what nobody runs, up to our slots; one question for all, where arq asks for each."""
        names = [job_id.decode() for job_id in job_ids]
        leases = await self.pool.mget([in_progress_key_prefix + name for name in names]) if names else []
        # Ours are told apart by name too: a lease can be lost with Redis' memory while the job runs on.
        ours = {name for name, task in self.tasks.items() if not task.done()}
        waiting = [name for name, lease in zip(names, leases, strict=True) if lease is None and name not in ours]
        try:
            await super().start_jobs([name.encode() for name in waiting])
        except FAULTS:
            # arq does not give back the slot that it took for the job it could not ask for.
            self._release_sem_dec_counter_on_complete()
            raise

    async def run_job(self, job_id: str, score: int) -> None:
        """Run the job while renewing its lease every third of it."""
        renewal = asyncio.create_task(self._renew(job_id))
        try:
            await super().run_job(job_id, score)
        finally:
            renewal.cancel()
            self._awake.set()

    async def finish_job(self, job_id: str, finish: bool, *rest: Any) -> None:
        """Tell Redis that the job ended, until Redis hears it: else the job would be run again for nothing."""
        deadline = self.loop.time() + LONGEST_PAUSE_SECONDS
        while True:
            try:
                return await super().finish_job(job_id, finish, *rest)
            except FAULTS as error:
                if self.loop.time() > deadline or not self.allow_pick_jobs:
                    raise
                log.warning("the end of %s is not taken (%s); trying again", job_id, error)
            await asyncio.sleep(0.5)

    async def close(self) -> None:
        """Hand back what still runs, sign off, let the connections go; a server that is away does not matter."""
        await _cancelled(*(task for task in (self.main_task, *self.tasks.values()) if task is not None))
        with contextlib.suppress(*FAULTS):
            await self.pool.delete(self.health_check_key)
        await self.pool.aclose()

    async def _renew(self, job_id: str) -> None:
        lease_ms = int(self.in_progress_timeout_s * 1000)
        while True:
            await asyncio.sleep(self.in_progress_timeout_s / 3)
            try:
                # Set and not only extended: a Redis that lost its memory learns the lease again.
                await self.pool.set(in_progress_key_prefix + job_id, b"1", px=lease_ms)
            except FAULTS as error:
                log.warning("lease of %s not renewed: %s", job_id, error)

    async def _listen(self) -> None:
        while True:
            try:
                async with self.pool.pubsub() as bells:
                    await bells.subscribe(WAKE_CHANNEL)
                    await self._hear(bells)
            except FAULTS as error:
                log.warning("no bells from the queue (%s); looking every %.0f s", error, IDLE_SECONDS)
            await asyncio.sleep(0.5)

    async def _hear(self, bells: Any) -> None:
        """Wake at each message; in silence, ask whether the line still stands."""
        asked = False
        while True:
            if await bells.get_message(timeout=SILENCE_SECONDS) is not None:
                asked = False
                self._awake.set()
            elif asked:
                raise RedisTimeoutError("the line is dead")
            else:
                await bells.ping()
                asked = True


def _as_arq_calls(handle: Handler) -> Callable[..., Awaitable[None]]:
    """`handle` as arq calls it: `Again` becomes arq's retry, and so does any mistake, with growing pauses."""

    async def evaluate(context: dict[str, Any], content: dict[str, Any]) -> None:
        try:
            job = Job.model_validate_json(json.dumps(content))
        except ValidationError:
            log.exception("not a job, dropped; the database will put it in again: %s", content)
            return
        run = int(context["job_try"])
        try:
            await handle(job, run)
        except Again as again:
            if not again.counted:
                await _uncount(context)
            raise RetryLater(again.delay_seconds) from again
        except asyncio.CancelledError:
            # Handed back while draining: nobody's fault.
            await _uncount(context)
            raise
        except Exception as error:
            log.exception("run %d of %s failed", run, job.job_id)
            raise RetryLater(min(LONGEST_PAUSE_SECONDS, 2.0**run)) from error

    return evaluate


async def _cancelled(*tasks: asyncio.Task[Any]) -> None:
    """Cancel until it is heard: redis-py can swallow a cancellation that comes together with a message."""
    while running := [task for task in tasks if not task.done()]:
        for task in running:
            task.cancel()
        await asyncio.wait(running, timeout=0.2)
    await asyncio.gather(*tasks, return_exceptions=True)


async def _uncount(context: dict[str, Any]) -> None:
    """Take this run out of the job's count, which arq moved on when it handed the job out."""
    with contextlib.suppress(*FAULTS):
        await context["redis"].decr(retry_key_prefix + context["job_id"])


async def work_off(address: QueueAddress, plan: WorkerPlan, handle: Handler) -> None:
    """Work jobs off until SIGTERM; then finish what runs (up to `drain_seconds`) and hand the rest back at once."""
    worker = LeasedWorker(address, plan, handle)
    worker.ctx["redis"] = worker.pool
    worker.main_task = asyncio.create_task(worker.main())
    try:
        await asyncio.wait([worker.main_task])
        if not worker.main_task.cancelled():
            worker.main_task.result()
    finally:
        await worker.close()
