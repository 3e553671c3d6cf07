"""Ten submissions are under way when something dies. Each is scored once and charged once, and none needs a hand."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import select

from deploy.demo.visitor import Visitor
from services.gateway.lifecycle import OPEN_STATES
from services.gateway.tables.outbox import EventRow
from services.gateway.tables.submissions import EvaluationRow
from shared.clock import utc_now
from shared.database import Database
from tests.stacks import Stack
from tests.system.participants import Organiser

pytestmark = pytest.mark.system

IMAGES = 50_000
SUBMISSIONS = 10

Outcome = dict[str, Any]


@pytest.fixture
def visitor(organiser: Organiser, tmp_path: Path) -> Visitor:
    truth = b"".join(b"%d\n" % (image % 1000 + 1) for image in range(IMAGES))
    return organiser.found(organiser.host(tmp_path, truth, places=100))


def predictions(wrong: int) -> bytes:
    """A file with exactly so many wrong images."""
    return b"".join(b"%d 0 0 0 0\n" % ((image + (image < wrong)) % 1000 + 1) for image in range(IMAGES))


@pytest.mark.parametrize("victim", ["scorer-1", "courier", "valkey", "seaweedfs", "quota", "postgres", "gateway"])
def test_ten_submissions_outlive_a_kill_and_are_scored_and_charged_once(
    stack: Stack, organiser: Organiser, visitor: Visitor, victim: str
) -> None:
    files = {wrong: predictions(wrong) for wrong in range(0, SUBMISSIONS * 500, 500)}
    restarts = stack.program(victim)["restarts"]
    with ThreadPoolExecutor(SUBMISSIONS) as pool:
        # All are sealed before the blow: an upload that breaks is its sender's to repeat.
        ids = dict(zip(files, pool.map(lambda file: submitted(visitor, file), files.values()), strict=True))
        assert set(states(organiser.desk.database, ids.values())) & set(OPEN_STATES), "all were done before the blow"
        blow = utc_now()
        stack.kill(victim)
        outcomes = dict(zip(ids, pool.map(lambda one: outcome(stack, visitor, one), ids.values()), strict=True))
    stack.until(lambda: stack.program(victim)["restarts"] > restarts and stack.program(victim)["state"] == "ready")
    assert max(finished_at(outcome) for outcome in outcomes.values()) > blow
    for wrong, found in outcomes.items():
        assert found["evaluation"]["state"] == "scored", found
        assert found["evaluation"]["metrics"]["top_1_error"] == wrong / IMAGES
        assert_scored_once(organiser.desk.database, found)
    stack.until(lambda: {place["state"] for place in visitor.standing()["taken"]} == {"spent"})
    assert sorted(place["submission"] for place in visitor.standing()["taken"]) == sorted(ids.values())


def submitted(visitor: Visitor, file: bytes) -> str:
    """The new submission's id."""
    answer: Outcome = visitor.submit(file, "to be killed").raise_for_status().json()
    return str(answer["submission"]["id"])


def outcome(stack: Stack, visitor: Visitor, submission: str) -> Outcome:
    """The outcome, asked for again while nobody answers."""
    found: Outcome = {}

    def is_concluded() -> bool:
        try:
            found.update(visitor.outcome(submission))
        except httpx.HTTPError:
            return False
        return found["evaluation"]["state"] not in OPEN_STATES

    stack.until(is_concluded)
    return found


def states(database: Database, submissions: Iterable[str]) -> list[str]:
    """The states of these submissions' evaluations."""
    mine = EvaluationRow.submission_id.in_([UUID(submission) for submission in submissions])
    with database.begin() as session:
        return list(session.scalars(select(EvaluationRow.state).where(mine)))


def finished_at(outcome: Outcome) -> datetime:
    """When it was concluded."""
    return datetime.fromisoformat(outcome["evaluation"]["finished_at"])


def assert_scored_once(database: Database, outcome: Outcome) -> None:
    """One evaluation, whose current attempt was told as its outcome, once."""
    submission, shown = UUID(outcome["id"]), outcome["evaluation"]
    with database.begin() as session:
        evaluations = list(session.scalars(select(EvaluationRow).where(EvaluationRow.submission_id == submission)))
        events = list(session.scalars(select(EventRow).where(EventRow.submission_id == submission)))
    assert [(str(one.id), one.state, one.attempt) for one in evaluations] == [
        (shown["id"], shown["state"], shown["attempt"])
    ]
    told = [event for event in events if event.type.startswith("evaluation.")]
    assert [event.type for event in told] == [f"evaluation.{shown['state']}"]
    assert told[0].data["metrics"] == shown["metrics"]
