"""Crews: calls that wait hold up only those of their own kind, and there are never more at once than was said."""

import asyncio
import threading

from starlette.concurrency import run_in_threadpool

from services.gateway.threads import Crew


def test_calls_that_hang_hold_up_no_others() -> None:
    crew, gate = Crew("tests", 3), threading.Event()
    inside: list[int] = []

    def hang(number: int) -> int:
        inside.append(number)
        gate.wait(30)
        return number

    async def run() -> list[int]:
        hanging = asyncio.gather(*(crew.run(hang, number) for number in range(100)))
        async with asyncio.timeout(10):
            assert await run_in_threadpool(lambda: "served") == "served"
        assert len(inside) <= 3
        gate.set()
        return await hanging

    assert asyncio.run(run()) == list(range(100))


def test_a_crew_works_in_every_event_loop() -> None:
    crew = Crew("tests", 1)
    assert [asyncio.run(crew.run(abs, -number)) for number in range(3)] == [0, 1, 2]
