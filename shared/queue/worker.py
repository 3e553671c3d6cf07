"""The end that works jobs off: arq's worker with a short, renewed lease, woken by bells, outliving Redis."""

import asyncio
import contextlib
import logging
import signal
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Generic, cast

from arq.constants import in_progress_key_prefix
from arq.typing import WorkerCoroutine
from arq.worker import Worker, func
from redis.exceptions import TimeoutError as RedisTimeoutError

from shared.handover import say_ready
from shared.messages import Alive
from shared.queue.connection import (
    FAULTS,
    FUNCTION,
    SILENCE_SECONDS,
    QueueAddress,
    connections,
    pack,
    unpack,
    wake_channel,
)
from shared.queue.handing import LONGEST_PAUSE_SECONDS, Handler, JobT, as_arq_calls
from shared.queue.health import EVERY_SECONDS, LIFE_SECONDS, health_key
from shared.version import VERSION

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


@dataclass(frozen=True, slots=True)
class Work(Generic[JobT]):
    """What is done in one lane: with which kind of job, by which plan, and how."""

    kind: type[JobT]
    plan: WorkerPlan
    handle: Handler[JobT]


class LeasedWorker(Worker):
    """arq's worker with a short, renewed lease, woken by bells, outliving Redis."""

    def __init__(self, address: QueueAddress, work: Work[JobT]) -> None:
        plan, lane = work.plan, work.kind.lane
        super().__init__(
            functions=[func(cast(WorkerCoroutine, as_arq_calls(work.kind, work.handle)), name=FUNCTION)],
            queue_name=lane,
            # A process has one handler for each signal, and may have several workers: `work_off` tells them all.
            handle_signals=False,
            redis_pool=connections(address),
            max_jobs=plan.slots,
            job_timeout=plan.job_timeout_seconds,
            job_completion_wait=plan.drain_seconds,
            keep_result=0,
            max_tries=1_000_000,
            queue_read_limit=4 * plan.fleet_slots,
            health_check_key=health_key(lane, plan.name),
            health_check_interval=EVERY_SECONDS,
            job_serializer=pack,
            job_deserializer=unpack,
            log_results=False,
        )
        self.in_progress_timeout_s = plan.lease_seconds
        self.ctx["redis"] = self.pool
        self._plan = plan
        self._lane = lane
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
                        log.info("worker %s ready: takes %s, %d at once", self._plan.name, self._lane, self._plan.slots)
                        say_ready()
                        answered = True
                # Not wait_for: in Python 3.11 it swallows a cancellation that comes together with the bell.
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(IDLE_SECONDS):
                        await self._awake.wait()
        finally:
            await _cancelled(listener)

    async def record_health(self) -> None:
        """Leave a sign of life every `EVERY_SECONDS`, of which others can tell who works here; arq's is for reading."""
        now = self.loop.time()
        if now - self._last_health_check < EVERY_SECONDS:
            return
        self._last_health_check = now
        running = sum(not task.done() for task in self.tasks.values())
        sign = Alive(name=self._plan.name, lane=self._lane, slots=self._plan.slots, running=running, version=VERSION)
        await self.pool.set(self.health_check_key, sign.model_dump_json(), px=int(LIFE_SECONDS * 1000))

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
            # Not now: arq gives the slot back after us, and whoever looks before that naps beside waiting jobs.
            self.loop.call_soon(self._awake.set)

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
                    await bells.subscribe(wake_channel(self._lane))
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


async def work_off(address: QueueAddress, *works: Work[Any]) -> None:
    """Work lanes off side by side until SIGTERM; then finish what runs (each up to `drain_seconds`) and hand the rest
    back at once.
    """
    workers = [LeasedWorker(address, work) for work in works]
    for worker in workers:
        worker.main_task = asyncio.create_task(worker.main())
    mains = [worker.main_task for worker in workers if worker.main_task is not None]
    try:
        with _told_to_stop(workers):
            done, _ = await asyncio.wait(mains, return_when=asyncio.FIRST_EXCEPTION)
        for main in done:
            if not main.cancelled():
                main.result()
    finally:
        await asyncio.gather(*(worker.close() for worker in workers))


@contextlib.contextmanager
def _told_to_stop(workers: Sequence[LeasedWorker]) -> Iterator[None]:
    """SIGTERM and SIGINT end every one of `workers`."""
    loop = asyncio.get_running_loop()

    def stop(number: signal.Signals) -> None:
        for worker in workers:
            worker.handle_sig_wait_for_completion(number)

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop, number)
    try:
        yield
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)
