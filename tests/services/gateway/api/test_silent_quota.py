"""A ledger that is stopped in the middle of everything: submissions are refused, and nothing else is any slower."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import httpx
import pytest
from sqlalchemy import func, select

from benchmarks.quota import serving
from deploy.stack.addresses import Addresses
from deploy.stack.environment import environment
from deploy.stack.programs import ROOT, answers_ready
from services.gateway.breaker import PAUSE_SECONDS, TIMEOUTS, Breaker
from services.gateway.courier.drain import Drain
from services.gateway.courier.settle import Settler
from services.gateway.desk import Desk
from services.gateway.tables import SubmissionRow
from tests.services.gateway.answers import TEST_SPLIT, problem
from tests.services.gateway.api.test_throttle import Watch
from tests.services.gateway.conftest import Team
from tests.services.gateway.courier.draining import running, until
from tests.services.quota.test_app import free_port
from tests.waiting import eventually

FILE = b"1 2 3 4 5\n2\n3\n4\n"
SUBMITS = 80


@dataclass(frozen=True, slots=True)
class Pair:
    """A gateway and the ledger that only it asks, each a process."""

    url: str
    quota: int

    @contextmanager
    def silence(self) -> Iterator[None]:
        """The ledger takes connections and answers none of them."""
        os.kill(self.quota, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(self.quota, signal.SIGCONT)


@pytest.fixture
def pair(servers: Addresses, gateway_url: str) -> Iterator[Pair]:
    port, quota_port = free_port(), free_port()
    told = {"HOLDOUT_GATEWAY_PORT": str(port), "HOLDOUT_GATEWAY_QUOTA_URL": f"http://127.0.0.1:{quota_port}"}
    with serving(quota_port, servers.database_url("quota"), servers.secrets.quota_token) as quota:
        process = subprocess.Popen(
            (sys.executable, "-m", "services.gateway", "serve"),
            cwd=ROOT,
            env=dict(os.environ) | environment("gateway", servers) | told,
        )
        eventually(lambda: answers_ready(port))
        yield Pair(f"http://127.0.0.1:{port}", quota)
        process.terminate()
        process.wait(30)


def begun(desk: Desk, team: Team) -> int:
    """How many submissions of the team have come as far as the ledger."""
    with desk.database.begin() as session:
        return session.scalar(select(func.count()).where(SubmissionRow.team_id == team.id)) or 0


async def looked_at_meanwhile(desk: Desk, url: str, team: Team) -> tuple[list[httpx.Response], list[float]]:
    """The answers to many submissions at once, and the seconds that each look at something else took meanwhile."""
    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(base_url=url, timeout=60, limits=limits, trust_env=False) as client:
        headers = {"Authorization": f"Bearer {team.key}", "Content-Type": "text/plain"}
        submits = [client.post(TEST_SPLIT, content=FILE, headers=headers) for _ in range(SUBMITS)]
        answers = asyncio.gather(*submits)
        # Not before they are on their way: what is asked for is the silence, not the burst of arrivals.
        await until(lambda: begun(desk, team) == SUBMITS)
        seconds = []
        while not answers.done():
            for path in ("/readyz", "/v1/challenges"):
                began = time.monotonic()
                (await client.get(path)).raise_for_status()
                seconds.append(time.monotonic() - began)
            await asyncio.sleep(0.1)
        return await answers, seconds


async def given_back(desk: Desk, team: Team) -> None:
    """Let the courier settle what is owed until the team has all its places."""
    async with running(Drain(desk, Settler(desk), at_once=8)):
        await until(lambda: team.remaining() == 2)


def test_a_silent_ledger_refuses_submissions_and_holds_up_nothing_else(pair: Pair, team: Team, desk: Desk) -> None:
    with pair.silence():
        answers, seconds = asyncio.run(looked_at_meanwhile(desk, pair.url, team))
        for answer in answers:
            problem(answer, 503, "quota-unavailable")
            assert int(answer.headers["retry-after"]) >= 1
        assert len(seconds) >= 20
        assert max(seconds) < 0.5
        began = time.monotonic()
        mine = httpx.get(f"{pair.url}/v1/allowance", headers=team.http.headers)
        problem(mine, 503, "quota-unavailable")
        assert time.monotonic() - began < 6
    eventually(lambda: httpx.get(f"{pair.url}/v1/allowance", headers=team.http.headers).is_success)
    # What could not be given back at once is owed, and given back now.
    asyncio.run(given_back(desk, team))
    sent = httpx.post(f"{pair.url}{TEST_SPLIT}", content=FILE, headers=dict(team.http.headers), timeout=30)
    assert sent.status_code == 202
    assert team.remaining() == 1


def test_after_some_time_outs_in_a_row_one_call_in_a_pause_is_made_until_one_is_answered() -> None:
    watch = Watch()
    breaker = Breaker(watch)
    for _ in range(TIMEOUTS):
        assert breaker.may_call()
        breaker.timed_out()
    assert not breaker.may_call()
    watch.now += PAUSE_SECONDS
    assert [breaker.may_call() for _ in range(3)] == [True, False, False]
    breaker.answered()
    assert all(breaker.may_call() for _ in range(3))
