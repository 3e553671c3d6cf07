"""The end that works evaluations off: arq's worker with a short, renewed lease, woken by bells, outliving Redis."""

import asyncio
import contextlib
import logging
from dataclasses import dataclass
from typing import Any, cast

from arq.constants import in_progress_key_prefix
from arq.typing import WorkerCoroutine
from arq.worker import Worker, func
from redis.exceptions import TimeoutError as RedisTimeoutError

from shared.queue.connection import (
    EVALUATIONS,
    FAULTS,
    FUNCTION,
    SILENCE_SECONDS,
    WAKE_CHANNEL,
    QueueAddress,
    connections,
    pack,
    unpack,
)
from shared.queue.handing import LONGEST_PAUSE_SECONDS, Handler, as_arq_calls

log = logging.getLogger(__name__)

IDLE_SECONDS = 1.0
"""The longest nap between two looks at the queue. Bells cut it short; it bounds a lost bell and a lease's takeover."""


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
            functions=[func(cast(WorkerCoroutine, as_arq_calls(handle)), name=FUNCTION)],
            queue_name=EVALUATIONS,
            redis_pool=connections(address),
            max_jobs=plan.slots,
            job_timeout=plan.job_timeout_seconds,
            job_completion_wait=plan.drain_seconds,
            keep_result=0,
            max_tries=1_000_000,
            queue_read_limit=4 * plan.fleet_slots,
            health_check_key=f"{EVALUATIONS}:health:{plan.name}",
            health_check_interval=10,
            job_serializer=pack,
            job_deserializer=unpack,
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


async def _cancelled(*tasks: asyncio.Task[Any]) -> None:
    """Cancel until it is heard: redis-py can swallow a cancellation that comes together with a message."""
    while running := [task for task in tasks if not task.done()]:
        for task in running:
            task.cancel()
        await asyncio.wait(running, timeout=0.2)
    await asyncio.gather(*tasks, return_exceptions=True)


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
