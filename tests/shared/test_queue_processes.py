"""The queue with workers as real processes: killed, stopped, drained."""

import asyncio
import contextlib
import json
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import asdict
from pathlib import Path

import pytest

from tests.jobs import new_job
from tests.shared.test_queue import emptied, queue_of
from tests.shared.valkey import Valkey
from tests.shared.worker import LEASE_SECONDS

TAKEOVER_SECONDS = 8
"""What docs/operations promises."""


@pytest.fixture
def valkey(tmp_path: Path) -> Iterator[Valkey]:
    with Valkey(tmp_path) as server:
        yield server


@contextlib.asynccontextmanager
async def started(
    valkey: Valkey, gate: Path, name: str, drain: int = 60, lease: float = LEASE_SECONDS
) -> AsyncIterator[asyncio.subprocess.Process]:
    """A worker process; killed at the end of the block if it still runs."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.shared.worker", str(gate), name, str(drain), str(lease),
        env=os.environ | {"QUEUE": json.dumps(asdict(valkey.address))},
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.communicate()


async def heard(process: asyncio.subprocess.Process) -> list[str]:
    """The next words of a worker."""
    assert process.stdout is not None
    return (await asyncio.wait_for(process.stdout.readline(), 20)).decode().split()


def test_a_killed_workers_job_is_taken_over_in_seconds(valkey: Valkey, tmp_path: Path) -> None:
    async def scene() -> float:
        job, gate = new_job(), tmp_path / "gate"
        async with queue_of(valkey.address) as queue, started(valkey, gate, "one") as one:
            await queue.put(job)
            assert await heard(one) == ["begin", job.job_id, "1"]
            async with started(valkey, gate, "two") as two:
                one.kill()
                killed = time.monotonic()
                assert await heard(two) == ["begin", job.job_id, "2"]
                seconds = time.monotonic() - killed
                gate.touch()
                assert await heard(two) == ["end", job.job_id]
                await emptied(queue, job)
        return seconds

    assert asyncio.run(scene()) < TAKEOVER_SECONDS


def test_a_worker_stopped_past_its_lease_does_no_harm_when_it_wakes(valkey: Valkey, tmp_path: Path) -> None:
    async def scene() -> None:
        job, later, gate = new_job(), new_job(), tmp_path / "gate"
        async with queue_of(valkey.address) as queue, started(valkey, gate, "one") as one:
            await queue.put(job)
            assert await heard(one) == ["begin", job.job_id, "1"]
            one.send_signal(signal.SIGSTOP)
            async with started(valkey, gate, "two") as two:
                assert await heard(two) == ["begin", job.job_id, "2"]
                one.send_signal(signal.SIGCONT)
                gate.touch()
                assert await heard(one) == ["end", job.job_id]
                assert await heard(two) == ["end", job.job_id]
                await emptied(queue, job)
                # Both are as good as before: one of them takes the next.
                await queue.put(later)
                await emptied(queue, later)

    asyncio.run(scene())


def test_a_worker_told_to_stop_finishes_its_job_and_takes_no_other(valkey: Valkey, tmp_path: Path) -> None:
    async def scene() -> None:
        job, waiting, gate = new_job(), new_job(), tmp_path / "gate"
        async with queue_of(valkey.address) as queue, started(valkey, gate, "one") as one:
            await queue.put(job)
            assert await heard(one) == ["begin", job.job_id, "1"]
            await queue.put(waiting)
            one.send_signal(signal.SIGTERM)
            gate.touch()
            assert await heard(one) == ["end", job.job_id]
            assert await heard(one) == []
            assert await one.wait() == 0
            assert await queue.holds([job.job_id, waiting.job_id]) == {waiting.job_id}

    asyncio.run(scene())


def test_a_worker_that_has_no_time_to_finish_hands_its_job_back_at_once(valkey: Valkey, tmp_path: Path) -> None:
    async def scene() -> None:
        job, gate = new_job(), tmp_path / "gate"
        async with queue_of(valkey.address) as queue, started(valkey, gate, "one", drain=1) as one:
            await queue.put(job)
            assert await heard(one) == ["begin", job.job_id, "1"]
            one.send_signal(signal.SIGTERM)
            assert await one.wait() == 0
            gate.touch()
            async with started(valkey, gate, "two") as two:
                # Not counted as a run: nobody died.
                assert await heard(two) == ["begin", job.job_id, "1"]
                await emptied(queue, job)

    asyncio.run(scene())


def test_a_job_that_is_handed_back_is_taken_over_long_before_its_lease_would_have_ended(
    valkey: Valkey, tmp_path: Path
) -> None:
    lease = 60.0

    async def scene() -> float:
        job, gate = new_job(), tmp_path / "gate"
        async with queue_of(valkey.address) as queue, started(valkey, gate, "one", drain=1, lease=lease) as one:
            await queue.put(job)
            assert await heard(one) == ["begin", job.job_id, "1"]
            async with started(valkey, gate, "two", lease=lease) as two:
                one.send_signal(signal.SIGTERM)
                told = time.monotonic()
                assert await heard(two) == ["begin", job.job_id, "1"]
                seconds = time.monotonic() - told
                gate.touch()
                await emptied(queue, job)
        return seconds

    assert asyncio.run(scene()) < TAKEOVER_SECONDS


def test_an_idle_worker_told_to_stop_stops_at_once(valkey: Valkey, tmp_path: Path) -> None:
    async def scene() -> float:
        job, gate = new_job(), tmp_path / "gate"
        gate.touch()
        async with queue_of(valkey.address) as queue, started(valkey, gate, "one") as one:
            await queue.put(job)
            await heard(one)
            await emptied(queue, job)
            told = time.monotonic()
            one.send_signal(signal.SIGTERM)
            assert await one.wait() == 0
        return time.monotonic() - told

    assert asyncio.run(scene()) < LEASE_SECONDS + 1
