"""A whole stack is well by its own doctor and its own status, and neither is when its scorers are stopped."""

import json
import signal
import subprocess
import sys
from typing import Any

import httpx
import pytest

from deploy.stack.programs import ROOT
from tests.stacks import Stack
from tests.waiting import eventually

pytestmark = pytest.mark.system

SCORERS = ("scorer-1", "scorer-2")


def doctor(stack: Stack) -> tuple[int, dict[str, Any]]:
    """The exit status of the doctor, and what it found."""
    command = (sys.executable, "-m", "deploy.stack", "run", "--folder", str(stack.folder), "services.gateway", "doctor")
    done = subprocess.run((*command, "--json"), cwd=ROOT, capture_output=True, text=True, timeout=110)
    return done.returncode, json.loads(done.stdout)


def conditions(stack: Stack) -> dict[str, str]:
    """How `/v1/status` says that each part is."""
    parts = httpx.get(f"{stack.gateway_url}/v1/status", timeout=20).raise_for_status().json()["parts"]
    return {part["name"]: part["condition"] for part in parts}


def test_a_stack_is_well_and_its_doctor_and_status_say_so(stack: Stack) -> None:
    well = {"submissions": "working", "scoring": "working", "webhooks": "working", "reports": "working"}
    eventually(lambda: conditions(stack) == well)
    status, found = doctor(stack)
    assert (status, found["ok"]) == (0, True), found
    saw = [finding["saw"] for finding in found["findings"] if finding["check"] == "disks"]
    assert any(str(stack.folder) in text for text in saw), "the stack's own folder is looked at"


def test_scorers_that_hang_are_missed_and_welcome_when_they_are_back(stack: Stack) -> None:
    pids = [stack.pid(name) for name in SCORERS]
    for name in SCORERS:
        stack.kill(name, signal.SIGSTOP)
    try:
        eventually(lambda: conditions(stack)["scoring"] == "trouble")
        status, found = doctor(stack)
        assert status == 1
        assert {finding["check"] for finding in found["findings"] if finding["state"] == "trouble"} == {"scorers"}
    finally:
        for pid, name in zip(pids, SCORERS, strict=True):
            assert stack.kill(name, signal.SIGCONT) == pid
    eventually(lambda: conditions(stack)["scoring"] == "working")
