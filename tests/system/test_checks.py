"""Dry runs through the whole stack: told by the client, in a lane of their own, outliving a scorer, leaving nothing."""

import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path

import httpx
import pytest
from redis import Redis
from sqlalchemy import select

from services.gateway.desk import Desk
from services.gateway.tables import CheckRow
from shared import keys
from shared.clock import utc_now
from tests.stacks import Stack
from tests.system.participants import Organiser

pytestmark = pytest.mark.system

IMAGES = 50_000
TRUTH = b"".join(b"%d\n" % (image % 1000 + 1) for image in range(IMAGES))
GOOD = b"".join(b"%d 1 2 3 4\n" % (image % 900 + 101) for image in range(IMAGES))
AT_ONCE = 64


@pytest.fixture(scope="module")
def challenge(organiser: Organiser, tmp_path_factory: pytest.TempPathFactory) -> str:
    return organiser.host(tmp_path_factory.mktemp("checks"), TRUTH)


@pytest.fixture(scope="module")
def client(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The client as downloaded."""
    path = tmp_path_factory.mktemp("client") / "client.py"
    path.write_bytes(httpx.get(f"{stack.gateway_url}/client.py").raise_for_status().content)
    return path


def kept(desk: Desk) -> list[str]:
    """The files of dry runs that S3 holds."""
    return list(desk.storage.keys(keys.SUBMISSIONS, "checks/"))


def test_a_participant_checks_a_good_and_a_broken_file_and_nothing_comes_of_it(
    stack: Stack, organiser: Organiser, challenge: str, client: Path, tmp_path: Path
) -> None:
    visitor = organiser.found(challenge)
    good, broken = tmp_path / "good.txt", tmp_path / "broken.txt"
    good.write_bytes(GOOD)
    broken.write_bytes(GOOD.replace(b"\n", b"\n1 2 c\0t\n", 1))

    def check(path: Path) -> "subprocess.CompletedProcess[str]":
        place = ("--challenge", challenge, "--task", "classification", "--split", "test")
        command = (sys.executable, "-I", client, "check", path, *place, "--server", stack.gateway_url)
        return subprocess.run((*command, "--key", visitor.key), capture_output=True, text=True, timeout=120)

    done = check(good)
    assert (done.returncode, done.stdout) == (0, "accepted: 250,000 guesses, 50,000 images\n"), done.stderr
    done = check(broken)
    assert done.returncode == 1, done.stderr
    assert done.stdout.startswith("rejected: ")
    assert f"\n{broken}:2:" in done.stdout
    assert kept(organiser.desk) == []
    assert visitor.standing()["remaining"] == 2
    assert visitor.board() == []


def test_a_lane_full_of_dry_runs_delays_no_evaluation_and_the_sixty_first_is_refused(
    organiser: Organiser, challenge: str
) -> None:
    eager, other = organiser.found(challenge), organiser.found(challenge)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        checks = [pool.submit(eager.check, GOOD) for _ in range(AT_ONCE)]
        outcome = other.scored(GOOD, "beside them")
        waiting = sum(not check.done() for check in checks)
        answers = [check.result() for check in checks]
    assert outcome["evaluation"]["state"] == "scored"
    assert waiting > AT_ONCE / 4, "the evaluation overtook them"
    assert Counter(answer.status_code for answer in answers) == {200: 60, 429: AT_ONCE - 60}
    assert {answer.json()["outcome"] for answer in answers if answer.is_success} == {"accepted"}
    assert kept(organiser.desk) == []


def test_a_dry_run_outlives_the_scorer_that_has_it(stack: Stack, organiser: Organiser, challenge: str) -> None:
    visitor, begun = organiser.found(challenge), utc_now()
    first, second = stack.pid("scorer-1"), stack.pid("scorer-2")
    with ThreadPoolExecutor(1) as pool:
        with paused(second), ExitStack() as until_killed:
            # The file arrives while no scorer looks; then one takes the job, and waits for its file until it is killed.
            with paused(first):
                answer = pool.submit(visitor.check, GOOD)
                stack.until(lambda: any(row.digest for row in since(begun, organiser.desk)))
                until_killed.enter_context(paused(stack.pid("seaweedfs")))
            (row,) = since(begun, organiser.desk)
            stack.until(lambda: is_leased(stack, f"check:{row.id}"))
            os.kill(first, signal.SIGKILL)
        assert answer.result().json()["outcome"] == "accepted"
    stack.until(lambda: stack.program("scorer-1")["state"] == "ready")
    assert kept(organiser.desk) == []


@contextmanager
def paused(pid: int) -> Iterator[int]:
    """Stop a process for as long as the block lasts."""
    os.kill(pid, signal.SIGSTOP)
    try:
        yield pid
    finally:
        os.kill(pid, signal.SIGCONT)


def since(moment: datetime, desk: Desk) -> list[CheckRow]:
    """The dry runs that were begun after `moment`."""
    with desk.database.begin() as session:
        return list(session.scalars(select(CheckRow).where(CheckRow.created_at > moment)))


def is_leased(stack: Stack, job: str) -> bool:
    """Whether a scorer has this job."""
    address = stack.addresses.queue_address("courier")
    with Redis(address.host, address.port, username=address.username, password=address.password) as queue:
        return bool(queue.exists(f"arq:in-progress:{job}"))
