"""Workers give signs of life that say who they are; one that is gone is soon not counted any more."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from shared.messages import Alive, CheckJob, Job
from shared.queue import Queue, QueueAddress, Work, WorkerPlan
from shared.queue.health import read_sign
from shared.version import VERSION
from tests.shared.test_queue import queue_of, working
from tests.shared.valkey import Valkey

SECONDS = 20


async def _nothing(job: object, run: int) -> None:
    """No job comes."""


def lanes(name: str, evaluations: int, checks: int) -> tuple[Work[Any], ...]:
    """A scorer's two lanes."""
    return (
        Work(Job, WorkerPlan(name=name, slots=evaluations), _nothing),
        Work(CheckJob, WorkerPlan(name=name, slots=checks), _nothing),
    )


async def counted(queue: Queue, enough: Callable[[list[Alive]], bool]) -> list[Alive]:
    """The fleet, as soon as it is as it should be."""
    async with asyncio.timeout(SECONDS):
        while True:
            if enough(found := await queue.fleet()):
                return found
            await asyncio.sleep(0.02)


def test_every_worker_says_who_it_is_until_it_goes(tmp_path: Path) -> None:
    async def scene(address: QueueAddress) -> None:
        async with queue_of(address) as queue, working(address, *lanes("a", 3, 1)):
            async with working(address, *lanes("b", 2, 1)):
                found = await counted(queue, lambda fleet: len(fleet) == 4)
                assert found == [
                    Alive(name=name, lane=lane, slots=slots, running=0, version=VERSION)
                    for lane, name, slots in (
                        ("checks", "a", 1),
                        ("checks", "b", 1),
                        ("evaluations", "a", 3),
                        ("evaluations", "b", 2),
                    )
                ]
            assert {sign.name for sign in await counted(queue, lambda fleet: len(fleet) == 2)} == {"a"}

    with Valkey(tmp_path) as valkey:
        asyncio.run(scene(valkey.address))


@pytest.mark.parametrize("content", [b"Nov-24 23:45:00 j_complete=1 j_failed=0", b'{"name":"a","more":1}', b""])
def test_a_sign_of_another_version_still_counts_as_one_slot(content: bytes) -> None:
    sign = read_sign("evaluations:health:host:7", content)
    assert (sign.name, sign.lane, sign.slots, sign.version) == ("host:7", "evaluations", 1, "")
