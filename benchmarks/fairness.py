"""What a storm of one team costs another: a thousand validation files wait when a test submission comes.

The thousand are evaluations of one sealed file, each really scored; the test submissions come over HTTP, one after
another, each from a team of its own. Counted from sealed to begun, by the gateway's own clock.
"""

import contextlib
import statistics
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID, uuid4

from sqlalchemy import func, select

from benchmarks.page import rewrite
from deploy.demo.running import DemoStack, bring_up
from deploy.demo.visitor import Visitor
from deploy.stack.folder import Folder
from deploy.stack.stopping import stop
from services.gateway.actions.evaluate import queue_evaluation
from services.gateway.actions.keys import make_key
from services.gateway.actions.teams import found_team
from services.gateway.desk import Desk, open_desk
from services.gateway.publish import publish
from services.gateway.store import challenges, line
from services.gateway.tables import EvaluationRow, SubmissionRow
from shared.storage import Storage

STORM, ROUNDS, IMAGES = 1000, 20, 50_000
MOST_BEFORE = 6
"""What Redis holds for two scorers (4), and one more for each that may have begun meanwhile."""

DEFINITION = """
name = "{name}"
version = 1
title = "Fairness"
year = 2026
description = "For a benchmark."

[tasks.classification]
kind = "classification"
title = "Classification"
headline = "top_5_error"
categories = 1000
max_bytes = 22_000_000
protocol = {{ confidence = "proven", source = "eval_flat.m" }}

[tasks.classification.splits.test]
title = "Test"
images = {images}
held_out = true
limits = {{ pool = "{name}", places = 2, window_seconds = 604_800 }}

[tasks.classification.splits.validation]
title = "Validation"
images = {images}
held_out = false
limits = {{ pool = "{name}-validation", places = 600, window_seconds = 3600 }}
"""


@dataclass(frozen=True, slots=True)
class Round:
    """One test submission: seconds from sealed to begun, and how many evaluations were begun in between."""

    seconds: float
    before: int


@dataclass(frozen=True, slots=True)
class Stage:
    """A running stack with a challenge of two splits."""

    desk: Desk
    url: str
    challenge: str

    def team(self, split: str) -> Visitor:
        """A new team at one split."""
        team = found_team(self.desk, f"team {uuid4().hex[:10]}")
        key = make_key(self.desk, team.name, "benchmark").text()
        address = f"/v1/challenges/{self.challenge}/tasks/classification/splits/{split}"
        return Visitor(self.url, key, address, self.challenge)


def main() -> None:
    """Measure, print, rewrite the section of docs/performance.md; fail where one waits for more than it may."""
    with tempfile.TemporaryDirectory() as folder, _stage(Path(folder)) as stage:
        rounds = measure(stage)
    text = table(rounds)
    print(text)
    rewrite("fairness", text)
    if max(one.before for one in rounds) > MOST_BEFORE:
        raise SystemExit(f"a test submission waited for more than {MOST_BEFORE} others")


@contextlib.contextmanager
def _stage(folder: Path) -> Iterator[Stage]:
    try:
        for said in bring_up(folder / "stack", ["--gateway-port", "0"]):
            print(said)
        with staged(DemoStack(folder / "stack"), folder) as stage:
            yield stage
    finally:
        stop(Folder(folder / "stack"))


@contextlib.contextmanager
def staged(stack: DemoStack, folder: Path) -> Iterator[Stage]:
    """A challenge of its own in a running stack."""
    name = f"fairness-{uuid4().hex[:8]}"
    (folder / "challenge.toml").write_text(DEFINITION.format(name=name, images=IMAGES))
    (folder / "truth.txt").write_bytes(predictions(0))
    truths = [f"{split}={folder / 'truth.txt'}" for split in ("test", "validation")]
    with (
        contextlib.closing(open_desk(stack.gateway_settings(), "benchmark")) as desk,
        contextlib.closing(Storage(stack.addresses.storage_address("publish"))) as operator,
    ):
        publish(desk.database, operator, desk.clock, folder, truths, check=False)
        yield Stage(desk, stack.addresses.gateway_url, name)


def measure(stage: Stage, storm: int = STORM, rounds: int = ROUNDS) -> list[Round]:
    """Queue the storm, then send test submissions into it."""
    with contextlib.closing(stage.team("validation")) as storming:
        queue_storm(
            stage, storming.submit(predictions(1), "storm").raise_for_status().json()["submission"]["id"], storm
        )
    return [_round(stage, number) for number in range(rounds)]


def queue_storm(stage: Stage, submission: str, number: int) -> None:
    """So many evaluations of one file, in the lane of validation files."""
    with stage.desk.database.begin() as session:
        row = session.get_one(SubmissionRow, UUID(submission))
        published = challenges.newest(session, stage.challenge)
        truth = published.truths["classification", "validation"]
        for _ in range(number):
            queue_evaluation(session, row, published, truth, stage.desk.clock(), line.UNLIMITED)


def _round(stage: Stage, number: int) -> Round:
    with contextlib.closing(stage.team("test")) as tested:
        sent = tested.submit(predictions(2 + number), "test").raise_for_status().json()["submission"]
        found = tested.outcome(sent["id"])
    sealed, begun = (datetime.fromisoformat(at) for at in (found["sealed_at"], found["evaluation"]["started_at"]))
    with stage.desk.database.begin() as session:
        between = select(func.count()).where(EvaluationRow.started_at.between(sealed, begun))
        return Round((begun - sealed).total_seconds(), (session.scalar(between) or 0) - 1)


def predictions(wrong: int) -> bytes:
    """A file with exactly so many wrong images."""
    return b"".join(b"%d\n" % ((image + (image < wrong)) % 1000 + 1) for image in range(IMAGES))


def table(rounds: Sequence[Round]) -> str:
    """The figures."""
    seconds, before = sorted(one.seconds for one in rounds), [one.before for one in rounds]
    return "\n".join(
        [
            f"{STORM} validation files of one team in line, 2 scorers, {len(rounds)} test submissions of other teams:",
            f"begun after p50 {statistics.median(seconds):.2f} s, at most {seconds[-1]:.2f} s,",
            f"and after at most {max(before)} others (goal {MOST_BEFORE}), {statistics.mean(before):.1f} in the mean.",
        ]
    )
