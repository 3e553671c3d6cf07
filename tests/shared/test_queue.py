"""The queue on a real Valkey, in one process: what is put in comes out, once, soon, and is counted rightly."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from shared.errors import Unavailable
from shared.messages import CheckJob, FileJob, Job
from shared.queue import IDLE_SECONDS, Again, Handler, Queue, QueueAddress, Work, WorkerPlan, work_off
from tests.jobs import new_check_job, new_job
from tests.shared.valkey import Valkey


@pytest.fixture
def valkey(tmp_path: Path) -> Iterator[Valkey]:
    with Valkey(tmp_path) as server:
        yield server


class Record:
    """What a worker was handed, in order; `wait_for(n)` waits for the nth."""

    def __init__(self) -> None:
        self.handed: list[tuple[str, int]] = []
        self._changed = asyncio.Condition()

    async def add(self, job: FileJob, run: int) -> None:
        async with self._changed:
            self.handed.append((job.job_id, run))
            self._changed.notify_all()

    async def wait_for(self, count: int) -> None:
        async with asyncio.timeout(20), self._changed:
            await self._changed.wait_for(lambda: len(self.handed) >= count)


@contextlib.asynccontextmanager
async def queue_of(address: QueueAddress) -> AsyncIterator[Queue]:
    queue = Queue(address)
    try:
        yield queue
    finally:
        await queue.close()


@contextlib.asynccontextmanager
async def worker(address: QueueAddress, handle: Handler[Job], name: str = "one", slots: int = 1) -> AsyncIterator[None]:
    """A worker of evaluations in this loop, until the end of the block."""
    async with working(address, Work(Job, WorkerPlan(name=name, slots=slots, lease_seconds=1), handle)):
        yield


@contextlib.asynccontextmanager
async def working(address: QueueAddress, *works: Work[Any]) -> AsyncIterator[None]:
    """Workers of these lanes in this loop, until the end of the block."""
    task = asyncio.create_task(work_off(address, *works))
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def emptied(queue: Queue, *jobs: FileJob) -> None:
    """Wait until the queue holds none of `jobs`."""
    async with asyncio.timeout(20):
        while True:
            if not await queue.holds([job.job_id for job in jobs]):
                return
            await asyncio.sleep(0.01)


async def none_due(queue: Queue) -> None:
    """Wait until the queue holds no evaluation that a worker might run."""
    async with asyncio.timeout(20):
        while True:
            if not await queue.due(Job.lane):
                return
            await asyncio.sleep(0.01)


def test_a_job_comes_out_as_it_was_put_in_and_is_gone(valkey: Valkey) -> None:
    async def scene() -> None:
        job, seen = new_job(), []

        async def handle(handed: Job, run: int) -> None:
            seen.append((handed, run))

        async with queue_of(valkey.address) as queue, worker(valkey.address, handle):
            await queue.put(job)
            await emptied(queue, job)
        assert seen == [(job, 1)]

    asyncio.run(scene())


def test_a_job_that_pauses_after_a_run_is_held_and_not_due(valkey: Valkey) -> None:
    async def scene() -> None:
        job, record = new_job(), Record()

        async def handle(handed: Job, run: int) -> None:
            await record.add(handed, run)
            raise Again(60)

        async with queue_of(valkey.address) as queue:
            await queue.put(job)
            assert await queue.due(Job.lane) == 1
            async with worker(valkey.address, handle):
                await record.wait_for(1)
                await none_due(queue)
            assert await queue.holds([job.job_id]) == {job.job_id}

    asyncio.run(scene())


def test_a_job_put_in_twice_is_run_once(valkey: Valkey) -> None:
    async def scene() -> None:
        job, record = new_job(), Record()
        async with queue_of(valkey.address) as queue:
            await queue.put(job)
            await queue.put(job)
            assert await queue.holds([job.job_id, "another"]) == {job.job_id}
            async with worker(valkey.address, record.add):
                await emptied(queue, job)
                last = new_job()
                await queue.put(last)
                await emptied(queue, last)
        assert record.handed == [(job.job_id, 1), (last.job_id, 1)]

    asyncio.run(scene())


def test_a_waiting_worker_is_woken_by_the_bell(valkey: Valkey) -> None:
    async def scene() -> list[float]:
        record, waits = Record(), []
        async with queue_of(valkey.address) as queue, worker(valkey.address, record.add):
            for count in range(1, 12):
                job = new_job()
                begun = time.monotonic()
                await queue.put(job)
                await record.wait_for(count)
                waits.append(time.monotonic() - begun)
                await emptied(queue, job)
        return sorted(waits)

    assert asyncio.run(scene())[5] < IDLE_SECONDS / 10


def test_a_worker_takes_the_next_waiting_job_as_soon_as_one_ends(valkey: Valkey) -> None:
    async def scene() -> float:
        record, jobs = Record(), [new_job() for _ in range(10)]

        async def handle(job: Job, run: int) -> None:
            await asyncio.sleep(0.02)  # long enough for the worker to have gone back to waiting
            await record.add(job, run)

        async with queue_of(valkey.address) as queue:
            for job in jobs:
                await queue.put(job)
            begun = time.monotonic()
            async with worker(valkey.address, handle):
                await record.wait_for(len(jobs))
            return time.monotonic() - begun

    assert asyncio.run(scene()) < 5 * IDLE_SECONDS, "it naps between jobs that wait"


def test_a_job_handed_back_keeps_its_count_unless_told_otherwise(valkey: Valkey) -> None:
    async def scene() -> list[int]:
        runs: list[int] = []
        moods = [Again(0.05), Again(0.05), Again(0.05, counted=True), ValueError("a mistake"), None]

        async def handle(_: Job, run: int) -> None:
            runs.append(run)
            mood = moods[len(runs) - 1]
            if mood is not None:
                raise mood

        job = new_job()
        async with queue_of(valkey.address) as queue, worker(valkey.address, handle):
            await queue.put(job)
            await emptied(queue, job)
        return runs

    assert asyncio.run(scene()) == [1, 1, 1, 2, 3]


def test_what_is_not_a_job_is_dropped_and_the_next_is_worked_off(
    valkey: Valkey, caplog: pytest.LogCaptureFixture
) -> None:
    async def scene() -> None:
        record, broken, good = Record(), new_job().model_copy(update={"attempt": 0}), new_job()
        async with queue_of(valkey.address) as queue, worker(valkey.address, record.add):
            await queue.put(broken)
            await queue.put(good)
            await emptied(queue, broken, good)
        assert record.handed == [(good.job_id, 1)]

    asyncio.run(scene())
    assert "not a job" in caplog.text


def test_a_job_longer_than_its_lease_stays_with_its_worker(valkey: Valkey) -> None:
    async def scene() -> None:
        record, other, end = Record(), Record(), asyncio.Event()

        async def handle(job: Job, run: int) -> None:
            await record.add(job, run)
            await end.wait()

        job = new_job()
        async with queue_of(valkey.address) as queue, worker(valkey.address, handle):
            await queue.put(job)
            await record.wait_for(1)
            async with worker(valkey.address, other.add, name="two"):
                await asyncio.sleep(2.5)  # two and a half leases: there is nothing to see but time passing
                end.set()
                await emptied(queue, job)
        assert (len(record.handed), other.handed) == (1, [])

    asyncio.run(scene())


def test_a_fleet_of_more_than_a_hundred_slots_is_all_used(valkey: Valkey) -> None:
    async def scene() -> None:
        record, end = Record(), asyncio.Event()

        async def handle(job: Job, run: int) -> None:
            await record.add(job, run)
            await end.wait()

        jobs = [new_job() for _ in range(150)]
        async with queue_of(valkey.address) as queue, contextlib.AsyncExitStack() as fleet:
            for name in ("one", "two", "three"):
                await fleet.enter_async_context(worker(valkey.address, handle, name, slots=50))
            for job in jobs:
                await queue.put(job)
            await record.wait_for(150)
            end.set()
            await emptied(queue, *jobs)
        assert sorted(record.handed) == sorted((job.job_id, 1) for job in jobs)

    asyncio.run(scene())


def test_a_lane_full_of_jobs_delays_no_job_of_the_other(valkey: Valkey) -> None:
    async def scene() -> None:
        begun, evaluated, checked, end = Record(), Record(), Record(), asyncio.Event()

        async def check_slowly(job: CheckJob, run: int) -> None:
            await begun.add(job, run)
            await end.wait()
            await checked.add(job, run)

        checks, job = [new_check_job() for _ in range(1000)], new_job()
        lanes = Work(Job, WorkerPlan("one"), evaluated.add), Work(CheckJob, WorkerPlan("one", slots=2), check_slowly)
        async with queue_of(valkey.address) as queue:
            for check in checks:
                await queue.put(check)
            async with working(valkey.address, *lanes):
                await begun.wait_for(2)
                await queue.put(job)
                await emptied(queue, job)
                assert (len(begun.handed), checked.handed) == (2, []), "every slot for dry runs is taken"
                end.set()
                await emptied(queue, *checks)
        assert evaluated.handed == [(job.job_id, 1)]
        assert sorted(checked.handed) == sorted((check.job_id, 1) for check in checks)

    asyncio.run(scene())


def test_a_flushed_server_is_filled_again_and_no_job_runs_beside_itself(valkey: Valkey) -> None:
    async def scene() -> None:
        record, end = Record(), asyncio.Event()

        async def handle(job: Job, run: int) -> None:
            await record.add(job, run)
            await end.wait()

        running, waiting = new_job(), new_job()
        async with queue_of(valkey.address) as queue, worker(valkey.address, handle):
            await queue.put(running)
            await record.wait_for(1)
            await queue.put(waiting)
            assert await asyncio.to_thread(valkey.say, "FLUSHALL") == b"+OK\r\n"
            assert await queue.holds([running.job_id, waiting.job_id]) == set()
            for job in (running, waiting):
                await queue.put(job)
            async with worker(valkey.address, handle, name="two"):
                await record.wait_for(2)
                end.set()
                await emptied(queue, running, waiting)
        # The lease is learned again within a third of it; until then another worker may take the job once more.
        assert {job_id for job_id, _ in record.handed} == {running.job_id, waiting.job_id}
        assert len(record.handed) <= 3

    asyncio.run(scene())


def test_worker_and_producer_outlive_the_server(valkey: Valkey, caplog: pytest.LogCaptureFixture) -> None:
    async def scene() -> None:
        record = Record()
        async with queue_of(valkey.address) as queue, worker(valkey.address, record.add):
            for count in range(1, 4):
                valkey.kill()
                with pytest.raises(Unavailable):
                    await queue.put(new_job())
                await asyncio.to_thread(valkey.start)
                job = new_job()
                await queue.put(job)
                await record.wait_for(count)
                await emptied(queue, job)

    asyncio.run(scene())
    assert "the queue does not answer" in caplog.text


def test_a_job_whose_end_falls_into_an_outage_is_not_run_again(valkey: Valkey) -> None:
    async def scene() -> None:
        record, end = Record(), asyncio.Event()

        async def handle(job: Job, run: int) -> None:
            await record.add(job, run)
            await end.wait()

        job = new_job()
        async with queue_of(valkey.address) as queue, worker(valkey.address, handle):
            await queue.put(job)
            await record.wait_for(1)
            valkey.kill()
            end.set()
            await asyncio.to_thread(valkey.start)
            assert await queue.holds([job.job_id]) == {job.job_id}
            await emptied(queue, job)
        assert record.handed == [(job.job_id, 1)]

    asyncio.run(scene())


def test_a_worker_that_boots_before_the_server_waits_for_it(valkey: Valkey) -> None:
    async def scene() -> None:
        record, job = Record(), new_job()
        async with queue_of(valkey.address) as queue:
            await queue.put(job)
            valkey.kill()
            async with worker(valkey.address, record.add):
                await asyncio.sleep(0.1)
                await asyncio.to_thread(valkey.start)
                await record.wait_for(1)
                await emptied(queue, job)

    asyncio.run(scene())
