"""What the outbox owes to dry runs: a job in their own lane, for as long as somebody waits."""

import asyncio
from uuid import UUID

import pytest

from deploy.stack.addresses import Addresses
from deploy.stack.environment import environment
from services.gateway.actions.check import end_check
from services.gateway.courier.check import CheckEnqueuer
from services.gateway.courier.drain import Drain
from services.gateway.desk import Desk
from services.gateway.settings import CourierSettings
from services.gateway.store import outbox
from shared.messages import CheckJob
from shared.queue import Queue, Work, WorkerPlan, work_off
from tests.services.gateway.checks import left_behind
from tests.services.gateway.conftest import Team
from tests.services.gateway.courier.draining import rows, running, until


@pytest.fixture
def courier_settings(servers: Addresses) -> CourierSettings:
    return CourierSettings.from_mapping(environment("courier", servers))


def owe(desk: Desk, check: UUID) -> None:
    with desk.database.begin() as session:
        outbox.owe(session, "check", {"check": str(check)}, desk.clock())


def test_a_dry_run_reaches_a_scorer_and_one_that_is_over_does_not(
    team: Team, desk: Desk, courier_settings: CourierSettings, servers: Addresses
) -> None:
    over, wanted = left_behind(team, desk), left_behind(team, desk, labels="wnid")
    end_check(desk, over, counts=True)
    for check in (over, wanted):
        owe(desk, check)
    handed: list[CheckJob] = []

    async def take(job: CheckJob, _: int) -> None:
        handed.append(job)

    async def scene() -> None:
        queue = Queue(courier_settings.queue_address())
        work = Work(CheckJob, WorkerPlan("tests"), take)
        working = asyncio.create_task(work_off(servers.queue_address("scorer"), work))
        async with running(Drain(desk, CheckEnqueuer(desk, queue), at_once=2)):
            await until(lambda: handed and not rows(desk))
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)
        await queue.close()

    asyncio.run(scene())
    (job,) = handed
    assert (job.check, job.labels, job.task, job.split) == (wanted, "wnid", "classification", "test")
    assert job.wait_seconds == desk.settings.check_seconds
