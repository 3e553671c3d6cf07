"""The whole stack runs: every program ready, reachable where it says, operable by `run`, mended when killed."""

import subprocess
import sys

import httpx
import pytest

from deploy.stack.programs import PRACTICE, ROOT
from tests.stacks import Stack

pytestmark = pytest.mark.system

PROGRAMS = {"postgres", "valkey", "seaweedfs", "quota", "gateway", "courier", "scorer-1", "scorer-2"}


def test_every_program_is_a_process_of_its_own_and_ready(stack: Stack) -> None:
    status = stack.status()
    running = {program["name"]: program["pid"] for program in status["programs"] if program["state"] == "ready"}
    assert status["ready"]
    assert running.keys() == PROGRAMS
    assert len(set(running.values())) == len(PROGRAMS)
    assert httpx.get(f"{stack.gateway_url}/readyz").status_code == 200


def test_an_operator_founds_a_team_in_the_running_stack(stack: Stack) -> None:
    stack.command("services.gateway", "team", "create", "visitors")
    listed = (
        sys.executable,
        "-m",
        "deploy.stack",
        "run",
        "--folder",
        str(stack.folder),
        "services.gateway",
        "team",
        "list",
    )
    assert "visitors" in subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True).stdout


def test_the_practice_challenge_is_there_and_publishing_it_again_changes_nothing(stack: Stack) -> None:
    address = f"{stack.gateway_url}/v1/challenges/practice"
    before = httpx.get(address).json()
    assert [split["open"] for task in before["tasks"] for split in task["splits"]] == [True]
    truth = f"practice={PRACTICE / 'truth.txt'}"
    command = ("services.gateway", "publish", str(PRACTICE), "--ground-truth", truth, "--unless-published")
    assert "left as it is" in stack.command(*command)
    assert httpx.get(address).json() == before


def test_a_killed_scorer_is_started_again(stack: Stack) -> None:
    restarts = stack.program("scorer-2")["restarts"]
    before = stack.kill("scorer-2")
    stack.until(lambda: stack.program("scorer-2")["restarts"] > restarts)
    stack.until(lambda: stack.program("scorer-2")["state"] == "ready")
    assert stack.pid("scorer-2") != before
