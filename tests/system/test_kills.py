"""Ten submissions are under way when something dies. Each is scored once and charged once, and none needs a hand."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from deploy.demo.visitor import Visitor
from tests.stacks import Stack
from tests.system.participants import Organiser

pytestmark = pytest.mark.system

IMAGES = 50_000
SUBMISSIONS = 10


@pytest.fixture
def visitor(organiser: Organiser, tmp_path: Path) -> Visitor:
    truth = b"".join(b"%d\n" % (image % 1000 + 1) for image in range(IMAGES))
    return organiser.found(organiser.host(tmp_path, truth, places=100))


def predictions(wrong: int) -> bytes:
    """A file with exactly so many wrong images."""
    return b"".join(b"%d 0\n" % ((image + (image < wrong)) % 1000 + 1) for image in range(IMAGES))


@pytest.mark.parametrize("victim", ["scorer-1", "courier", "valkey", "seaweedfs", "quota", "postgres", "gateway"])
def test_ten_submissions_outlive_a_kill_and_are_scored_and_charged_once(
    stack: Stack, visitor: Visitor, victim: str
) -> None:
    sent = [(wrong, visitor.submit(predictions(wrong), f"{wrong} wrong")) for wrong in range(0, 5000, 500)]
    ids = {wrong: answer.raise_for_status().json()["submission"]["id"] for wrong, answer in sent}
    kill_and_wait(stack, victim)
    with ThreadPoolExecutor(SUBMISSIONS) as pool:
        outcomes = dict(zip(ids, pool.map(visitor.outcome, ids.values()), strict=True))
    for wrong, outcome in outcomes.items():
        assert outcome["evaluation"]["state"] == "scored", outcome
        assert outcome["evaluation"]["metrics"]["top_1_error"] == wrong / IMAGES
    standing = visitor.standing()
    assert sorted(place["submission"] for place in standing["taken"]) == sorted(ids.values())
    assert {place["state"] for place in standing["taken"]} == {"spent"}


def kill_and_wait(stack: Stack, victim: str) -> None:
    """Kill -9, and wait until the stack has it back."""
    restarts = stack.program(victim)["restarts"]
    stack.kill(victim)
    stack.until(lambda: stack.program(victim)["restarts"] > restarts and stack.program(victim)["state"] == "ready")
