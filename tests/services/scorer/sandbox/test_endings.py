"""How files that misbehave end: as stated, soon, leaving nothing behind, and the next file is scored as ever."""

import asyncio
import logging
import os
import signal
import subprocess
import sys
import time

import pytest

from services.scorer.sandbox import Crashed, Exhausted, Interrupted, SandboxBroken, walls
from tests.services.scorer.sandbox.rooms import descendants, gone, sandbox, score, until

pytestmark = pytest.mark.skipif(not walls.filtered(), reason="no system call filter on this kind of machine")

ENDINGS = [
    ("takes-memory", Exhausted, "sandbox-memory", 1.0),
    ("takes-memory-bit-by-bit", Exhausted, "sandbox-memory", 2.0),
    ("spins", Exhausted, "sandbox-cpu-time", 2.0),
    ("spins-stubbornly", Exhausted, "sandbox-cpu-time", 3.0),
    ("says-too-much", Exhausted, "sandbox-report-too-large", 2.0),
    ("chatters", Crashed, "sandbox-crashed", 1.0),
    ("crashes", Crashed, "sandbox-crashed", 1.0),
    ("leaves", Crashed, "sandbox-crashed", 1.0),
    ("mistaken", Crashed, "sandbox-error", 1.0),
]


def test_each_misdeed_ends_as_stated_and_leaves_nothing(caplog: pytest.LogCaptureFixture) -> None:
    async def tried() -> None:
        async with sandbox(cpu_seconds=1, memory_bytes=2**28) as room:
            good = await score(room, b"a good file")
            for name, kind, code, seconds in ENDINGS:
                begun = time.monotonic()
                with pytest.raises(SandboxBroken) as caught:
                    await score(room, name.encode())
                assert (type(caught.value), caught.value.code) == (kind, code), name
                # Generous: other tests may be running on these processors.
                assert time.monotonic() - begun < 5 * seconds, name
                assert await score(room, b"a good file") == good, name
            parent = room.pid or 0
            # The warm parent's first process, and the warm parent where it is another one: no child, no zombie.
            await until(lambda: len(descendants(parent)) <= 1)

    asyncio.run(tried())
    assert "KeyError: 'a mistake of ours'" in caplog.text


def test_a_sleeper_is_stopped_at_its_wall() -> None:
    async def tried() -> None:
        async with sandbox(wall_seconds=0.5) as room:
            begun = time.monotonic()
            with pytest.raises(Exhausted) as caught:
                await score(room, b"sleeps")
            assert caught.value.code == "sandbox-wall-time"
            assert 0.5 <= time.monotonic() - begun < 1.5
            await score(room, b"a good file")

    asyncio.run(tried())


def test_stages_are_told_while_it_works() -> None:
    async def tried() -> list[str]:
        stages: list[str] = []
        async with sandbox() as room:
            await score(room, b"a good file", stages.append)
        return stages

    assert asyncio.run(tried()) == ["read", "count"]


def test_a_file_may_be_empty() -> None:
    async def tried() -> dict[str, float]:
        async with sandbox() as room:
            return (await score(room, b"")).metrics

    assert asyncio.run(tried()) == {"bytes": 0.0, "sum": 0.0}


def test_files_are_scored_beside_one_another() -> None:
    async def tried() -> None:
        async with sandbox(wall_seconds=1) as room:
            sleeper = asyncio.create_task(score(room, b"sleeps"))
            reports = await asyncio.gather(*(score(room, b"x" * n) for n in range(10)))
            assert [report.metrics["bytes"] for report in reports] == list(range(10))
            assert not sleeper.done()
            with pytest.raises(Exhausted):
                await sleeper

    asyncio.run(tried())


def test_a_cancelled_job_takes_its_child_with_it() -> None:
    async def tried() -> None:
        async with sandbox() as room:
            asleep = asyncio.Event()
            quiet = len(descendants(room.pid or 0))
            job = asyncio.create_task(score(room, b"sleeps", lambda _: asleep.set()))
            await asleep.wait()
            assert len(descendants(room.pid or 0)) == quiet + 1
            job.cancel()
            with pytest.raises(asyncio.CancelledError):
                await job
            await until(lambda: len(descendants(room.pid or 0)) == quiet)

    asyncio.run(tried())


def test_a_child_killed_by_a_stranger_is_told_from_one_at_its_limit() -> None:
    async def tried() -> None:
        async with sandbox() as room:
            asleep = asyncio.Event()
            before = set(descendants(room.pid or 0))
            job = asyncio.create_task(score(room, b"sleeps", lambda _: asleep.set()))
            await asleep.wait()
            (child,) = set(descendants(room.pid or 0)) - before
            os.kill(child, signal.SIGKILL)
            with pytest.raises(Interrupted) as caught:
                await job
            assert caught.value.code == "sandbox-killed"
            await score(room, b"a good file")

    asyncio.run(tried())


def test_a_lost_warm_parent_is_replaced_and_its_jobs_are_scored_again(caplog: pytest.LogCaptureFixture) -> None:
    async def tried() -> None:
        async with sandbox(wall_seconds=1.5) as room:
            asleep = asyncio.Event()
            first = room.pid or 0
            job = asyncio.create_task(score(room, b"sleeps", lambda _: asleep.set()))
            await asleep.wait()
            below = descendants(first)
            os.kill(first, signal.SIGKILL)
            asleep.clear()
            await asleep.wait()
            assert room.pid != first
            with pytest.raises(Exhausted):
                await job
            await score(room, b"a good file")
            # The system reaps them when it comes to it.
            await until(lambda: gone(below))

    with caplog.at_level(logging.WARNING):
        asyncio.run(tried())
    assert "the warm parent was lost" in caplog.text


def test_a_sandbox_that_cannot_start_says_so() -> None:
    async def tried() -> None:
        async with sandbox("no_such_function"):
            pass

    with pytest.raises(Interrupted, match="does not start"):
        asyncio.run(tried())


WORKER = """
import asyncio
from tests.services.scorer.sandbox.rooms import sandbox, score

async def work():
    async with sandbox() as room:
        await score(room, b"sleeps", lambda _: print("asleep", flush=True))

asyncio.run(work())
"""


def test_a_killed_worker_leaves_no_orphan() -> None:
    with subprocess.Popen([sys.executable, "-c", WORKER], stdout=subprocess.PIPE) as worker:
        assert worker.stdout is not None
        assert worker.stdout.readline() == b"asleep\n"
        below = descendants(worker.pid)
        assert len(below) in (2, 3)
        worker.kill()
        worker.wait()
        seconds = asyncio.run(until(lambda: gone(below)))
        assert seconds < 2
