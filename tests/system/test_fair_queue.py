"""One team's storm delays no other team's test submission; what is said of the wait comes true; poison is put aside."""

import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from random import randrange
from typing import Any
from uuid import UUID, uuid4

import pytest
import redis
from arq.constants import retry_key_prefix
from sqlalchemy import func, select

from deploy.demo.visitor import Visitor
from services.gateway.lifecycle import OPEN_STATES
from services.gateway.store import line
from services.gateway.tables import EvaluationRow, EventRow, OutboxRow
from shared.clock import utc_now
from shared.database import Database
from shared.messages import job_id
from tests.stacks import Stack
from tests.system.participants import Organiser, definition
from tests.waiting import eventually

pytestmark = pytest.mark.system

IMAGES = 20_000
STORM = 60
SCORERS = ("scorer-1", "scorer-2")
MOST_BEFORE = 6
"""What Redis holds for two scorers (4), and one more for each that may have begun meanwhile."""
FACTOR, SLACK_SECONDS = 2.5, 1.0
"""How far an estimate may be off: these tests share two processors with whatever else runs."""

VALIDATION = """
[tasks.classification.splits.validation]
title = "Validation"
images = {images}
held_out = false
limits = {{ pool = "{name}-validation", places = 10_000, window_seconds = 3600 }}
"""


@pytest.fixture(scope="module")
def challenge(organiser: Organiser, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A challenge with a test split and one that is not limited."""
    folder, name = tmp_path_factory.mktemp("fair"), f"fair-{uuid4().hex[:8]}"
    splits = definition(name, IMAGES, places=100) + VALIDATION.format(name=name, images=IMAGES)
    (folder / "challenge.toml").write_text(splits)
    (folder / "truth.txt").write_bytes(truth())
    organiser.publish(folder, *(f"{split}={folder / 'truth.txt'}" for split in ("test", "validation")))
    return name


def truth() -> bytes:
    return b"".join(b"%d\n" % (image % 1000 + 1) for image in range(IMAGES))


def predictions(wrong: int) -> bytes:
    """A file with exactly so many wrong images."""
    return b"".join(b"%d 0 0 0 0\n" % ((image + (image < wrong)) % 1000 + 1) for image in range(IMAGES))


def sent(visitor: Visitor, wrong: int) -> dict[str, Any]:
    content: dict[str, Any] = visitor.submit(predictions(wrong), "storm").raise_for_status().json()["submission"]
    return content


@contextmanager
def stopped(stack: Stack) -> Iterator[None]:
    """No scorer begins anything while the block lasts."""
    for name in SCORERS:
        stack.kill(name, signal.SIGSTOP)
    try:
        yield
    finally:
        for name in SCORERS:
            stack.kill(name, signal.SIGCONT)


def begun_between(database: Database, submission: str) -> int:
    """How many evaluations were begun after this one was sealed and before it was begun itself."""
    with database.begin() as session:
        mine = session.scalars(select(EvaluationRow).where(EvaluationRow.submission_id == UUID(submission))).one()
        began = EvaluationRow.started_at.between(mine.created_at, mine.started_at)
        return (session.scalar(select(func.count()).where(began)) or 0) - 1


def queued(database: Database) -> int:
    with database.begin() as session:
        return session.scalar(select(func.count()).where(OutboxRow.kind == "evaluate")) or 0


def test_a_storm_of_one_team_delays_a_test_submission_by_no_more_than_redis_holds_and_the_estimate_comes_true(
    stack: Stack, organiser: Organiser, challenge: str
) -> None:
    storming = organiser.found(challenge, "validation", f"{challenge}-validation")
    tested = organiser.found(challenge, "test")
    database = organiser.desk.database
    for wrong in range(3):
        storming.outcome(sent(storming, wrong)["id"])
    with stopped(stack), ThreadPoolExecutor(8) as hands:
        ids = [one["id"] for one in hands.map(lambda wrong: sent(storming, 10 + wrong), range(STORM))]
        assert queued(database) >= STORM - line.LEAST_PLACES - len(SCORERS), "Redis was given more than it is to hold"
        urgent = sent(tested, 1)["id"]
        assert position(tested, urgent) <= MOST_BEFORE
        positions = {one: position(storming, one) for one in ids[-8:]}
        last = max(positions, key=lambda one: positions[one])
        assert positions[last] >= STORM - MOST_BEFORE
    readings = foretold(storming, last)
    assert tested.outcome(urgent)["evaluation"]["state"] == "scored"
    assert begun_between(database, urgent) <= MOST_BEFORE
    assert all(storming.outcome(one)["evaluation"]["state"] == "scored" for one in ids)
    end = finished(database, last)
    came_true = [is_near(said, (end - at).total_seconds()) for at, said in readings]
    assert sum(came_true) > len(came_true) / 2, [(said, (end - at).total_seconds()) for at, said in readings]


def position(visitor: Visitor, submission: str) -> int:
    """Where it stands in line, once that is known: of what was queued just now it is not."""
    eventually(lambda: visitor.look(submission)["queue"]["position"] is not None)
    found: int = visitor.look(submission)["queue"]["position"]
    return found


def foretold(visitor: Visitor, submission: str) -> list[tuple[datetime, float]]:
    """In how many seconds it was said to be done, whenever it was asked until it was begun. At first nothing is known: the
    scorers have been away. What else the machine does meanwhile may come and go.
    """
    readings: list[tuple[datetime, float]] = []

    def begun() -> bool:
        queue = visitor.look(submission)["queue"]
        if queue is not None and queue["done_in_seconds"]:
            readings.append((utc_now(), queue["done_in_seconds"]))
        return queue is None

    eventually(begun, 60)
    assert readings, "it was begun before anything was known"
    return readings


def is_near(said: float, took: float) -> bool:
    return took / FACTOR - SLACK_SECONDS <= said <= took * FACTOR + SLACK_SECONDS


def finished(database: Database, submission: str) -> Any:
    with database.begin() as session:
        query = select(EvaluationRow.finished_at).where(EvaluationRow.submission_id == UUID(submission))
        return session.scalars(query).one()


KILLS = 3
LONGEST_SECONDS = 120
DRAWN_IMAGES = 20_000
"""Each is drawn 20,000 times for the interval of detection: seconds, in which a scorer can be caught at it."""


def test_a_file_that_kills_its_scorers_three_times_is_put_aside_refunded_told_and_evaluated_again_by_command(
    stack: Stack, organiser: Organiser, challenge: str, tmp_path: Path
) -> None:
    slow = b"".join(b"%d 1 1 10 10 90 90\n" % image for image in range(1, DRAWN_IMAGES + 1))
    name = organiser.host(tmp_path, slow, kind="detection")
    poisoner, other = organiser.found(name), organiser.found(challenge, "test")
    poison = poisoner.submit(slow, "poison").raise_for_status().json()["submission"]["id"]
    assert poisoner.standing()["remaining"] == 1
    with ThreadPoolExecutor(1) as hand:
        killing = hand.submit(kill_whoever_has, stack, organiser.desk.database, poison)
        while not killing.done():
            passing = sent(other, randrange(IMAGES))["id"]
            stack.until(partial(is_scored, other, passing), LONGEST_SECONDS)
        killing.result()
    stack.until(lambda: poisoner.look(poison)["evaluation"]["state"] == "failed", LONGEST_SECONDS)
    found = poisoner.look(poison)
    assert found["evaluation"]["failure"]["code"] == "scorers-died"
    took = datetime.fromisoformat(found["evaluation"]["finished_at"]) - datetime.fromisoformat(found["created_at"])
    assert took < timedelta(seconds=LONGEST_SECONDS), "three takeovers, and three starts of a scorer"
    stack.until(lambda: poisoner.standing()["remaining"] == 2)
    assert f"{poison}\t" in stack.command("services.gateway", "evaluation", "failed")
    stack.command("services.gateway", "evaluation", "again", poison)
    stack.until(partial(is_scored, poisoner, poison), LONGEST_SECONDS)
    assert poison not in stack.command("services.gateway", "evaluation", "failed")
    assert poisoner.standing()["remaining"] == 2, "evaluated again, it costs nothing"
    assert told(organiser.desk.database, poison) == ["evaluation.failed", "evaluation.scored"]


def is_scored(visitor: Visitor, submission: str) -> bool:
    return bool(visitor.outcome(submission)["evaluation"]["state"] == "scored")


def kill_whoever_has(stack: Stack, database: Database, submission: str) -> None:
    """Kill the scorer that has it in each of its first three runs, as the file would."""
    for number in range(1, KILLS + 1):
        scorer = eventually(partial(who_runs, stack, database, submission, number), LONGEST_SECONDS)
        assert scorer is not None
        stack.kill(scorer)


def who_runs(stack: Stack, database: Database, submission: str, number: int) -> str | None:
    """Which scorer was heard to have it in the run of this number."""
    address = stack.addresses.queue_address("scorer")
    with database.begin() as session:
        mine = session.scalars(select(EvaluationRow).where(EvaluationRow.submission_id == UUID(submission))).one()
        assert mine.state in OPEN_STATES, f"it ended before its scorers were killed {KILLS} times"
        with redis.Redis(address.host, address.port, username=address.username, password=address.password) as client:
            run: Any = client.get(retry_key_prefix + job_id(mine.id, mine.attempt))
        if run == str(number).encode():
            return mine.scorer
        # Forget who had it in the run before, so that a name is that of the run to come.
        mine.scorer = None
    return None


def told(database: Database, submission: str) -> list[str]:
    """What its team was told, in order."""
    mine = select(EventRow.type).where(EventRow.submission_id == UUID(submission)).order_by(EventRow.sequence)
    with database.begin() as session:
        return list(session.scalars(mine))
