"""A whole stack is destroyed, and comes back from its backup as it was; what was still waiting is scored then."""

import signal
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from deploy.drill.crowd import found_crowd, predictions, score_for_real, visitor
from deploy.drill.disaster import command, destroy
from deploy.drill.multiplying import multiply
from deploy.drill.seeing import look
from tests.stacks import Stack

pytestmark = pytest.mark.system


def test_a_destroyed_stack_comes_back_from_its_backup_as_it_was(
    start_stack: Callable[..., Stack], tmp_path: Path
) -> None:
    backup = tmp_path / "backup"
    stack = start_stack("--scorers", "1", "--backup", str(backup))
    teams = found_crowd(stack.addresses, 2)
    score_for_real(stack.gateway_url, teams, 3)
    multiply(stack.addresses, 30)
    doctor = command("deploy.stack", "run", "--folder", str(stack.folder), "services.gateway", "doctor")
    assert "backup: the newest point is" in doctor
    stack.kill("scorer-1", signal.SIGSTOP)
    with closing(visitor(stack.gateway_url, teams[1], "during")) as one:
        waiting = one.submit(predictions(7), "still waiting").raise_for_status().json()["submission"]["id"]
    seen = look(stack.gateway_url, teams)
    assert len(seen.board) == len(seen.reports) == 30
    command("deploy.backup", "now", "--folder", str(stack.folder), "--to", str(backup))

    destroy(stack.folder)
    command("deploy.backup", "verify", "--from", str(backup))
    command("deploy.backup", "restore", "--from", str(backup), "--folder", str(stack.folder))

    back = start_stack("--scorers", "1")
    assert not look(back.gateway_url, teams).differs_in(seen)
    with closing(visitor(back.gateway_url, teams[1], "during")) as one:
        assert one.outcome(waiting)["evaluation"]["metrics"]["top_1_error"] == 7 / 1000
        assert one.standing()["remaining"] == 100_000 - 1
