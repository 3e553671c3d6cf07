"""The six parts of the story, in order. Each takes what it needs and checks what it tells."""

import contextlib
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from deploy.demo.board import board_lines
from deploy.demo.contestants import WINNERS, Simulator
from deploy.demo.devkit import DEMO_ERRORS, Devkit
from deploy.demo.receiver import Receiver
from deploy.demo.running import DemoStack
from deploy.demo.telling import Teller
from deploy.demo.visitor import Visitor
from services.gateway.actions import endpoints
from services.gateway.actions.keys import make_key
from services.gateway.actions.teams import found_team, named_team
from services.gateway.desk import Desk
from services.gateway.publish import publish
from shared import keys
from shared.errors import Broken
from shared.storage import Storage

DEFINITION = Path(__file__).parent / "ilsvrc2012"
TEST_SPLIT = "/v1/challenges/ilsvrc2012/tasks/classification/splits/test"
POOL = "ilsvrc-classification-localization-2012"
TAKEOVER_SECONDS = 8
"""What Holdout promises for a killed scorer's job."""


def new_visitor(desk: Desk, stack: DemoStack, name: str) -> Visitor:
    """Found a team and give it a key."""
    found_team(desk, name)
    return stack.visitor(make_key(desk, name, "demo").text(), TEST_SPLIT, POOL)


class Stage(Protocol):
    """Where the parts are played that need no look inside: on one machine, or among containers."""

    def newcomer(self, name: str) -> Visitor:
        """A new team with its key."""

    def kill(self, scorer: str) -> bool:
        """Kill a scorer (-9) by the name that it works under; False when there is none."""


@dataclass(frozen=True, slots=True)
class OneMachine:
    """The demo's own stack as a stage."""

    desk: Desk
    stack: DemoStack

    def newcomer(self, name: str) -> Visitor:
        """A new team with its key."""
        return new_visitor(self.desk, self.stack, name)

    def kill(self, scorer: str) -> bool:
        """Kill its process."""
        return self.stack.kill(scorer)


def publish_devkit(tell: Teller, desk: Desk, stack: DemoStack, kit: Devkit, folder: Path) -> None:
    """Part 2: the definition and the truth go live; the gateway cannot read the truth."""
    if kit.demo_file is None:
        tell.say("no network: the development kit could not be fetched. GENERATED labels stand in for the real ones.")
    truth = folder / "ground_truth.txt"
    truth.write_bytes(kit.labels)
    with contextlib.closing(Storage(stack.addresses.storage_address("publish"))) as operator:
        done = publish(desk.database, operator, desk.clock, DEFINITION, [f"test={truth}"])
    digest = done.truths["classification", "test"]
    images = done.challenge.tasks["classification"].splits["test"].images
    tell.check(done.is_new and images == kit.labels.count(b"\n"), f"ilsvrc2012 published: {images:,} images")
    tell.say(f"truth {digest[:16]}…, definition {done.digest[:16]}…")
    tell.check(_is_denied(desk.storage, digest), "the gateway's own S3 key is refused the truth (403)")


def _is_denied(storage: Storage, digest: str) -> bool:
    try:
        storage.read(keys.GROUND_TRUTH, keys.truth_key(digest), 2**30)
    except Broken as error:
        return error.code == "storage-denied"
    return False


def fill_the_board(tell: Teller, stage: Stage, kit: Devkit, simulator: Simulator) -> list[Visitor]:
    """Part 3: simulated winners and the kit's own file; exact errors, a board with intervals. Gives the winners."""
    files = [
        (f"{w.team} {w.year} (simulated)", f"simulated at {w.top_5_error:.3f}", w.top_5_error, w.year) for w in WINNERS
    ]
    visitors = [stage.newcomer(name) for name, _, _, _ in files]
    with ThreadPoolExecutor(4) as pool:
        outcomes = list(
            pool.map(
                lambda visitor, file: visitor.scored(simulator.predictions(file[2], seed=file[3]), file[1]),
                visitors,
                files,
            )
        )
    values = [outcome["evaluation"]["metrics"]["top_5_error"] for outcome in outcomes]
    tell.check(values == [w.top_5_error for w in WINNERS], "eight simulated contestants score what they were made for")
    if kit.demo_file is not None:
        _score_the_kits_file(tell, stage.newcomer("development kit"), kit.demo_file)
    for line in board_lines(visitors[0].board()):
        tell.say("  " + line)
    return visitors


def _score_the_kits_file(tell: Teller, visitor: Visitor, demo_file: bytes) -> None:
    metrics = visitor.scored(demo_file, "demo.val.pred.txt")["evaluation"]["metrics"]
    errors = tuple(round(metrics[f"top_{k}_error"], 4) for k in range(1, 6))
    shown = " ".join(f"{error:.4f}"[1:] for error in errors)
    tell.check(errors == DEMO_ERRORS, f"the kit's own file scores the documented {shown} at 1–5 guesses")


def be_a_team(tell: Teller, desk: Desk, stack: DemoStack, simulator: Simulator, receiver: Receiver) -> Visitor:
    """Part 4: a broken file, two good ones, a third; signed webhooks; shared ranks."""
    you = new_visitor(desk, stack, "you")
    endpoint = endpoints.register(desk, named_team(desk, "you").id, endpoints.Draft(receiver.url))
    receiver.secret = endpoint.secrets[0]
    send_a_broken_file(tell, you, simulator)
    first = you.submit(simulator.predictions(0.0305, seed=1), "my method", publish=True).raise_for_status().json()
    _hear_the_webhook(tell, first["submission"], receiver)
    use_up_the_week(tell, you, simulator)
    _share_a_range(tell, you.board())
    return you


def use_up_the_week(tell: Teller, you: Visitor, simulator: Simulator) -> None:
    """The second place of two, and a third file, which is refused."""
    second = you.scored(simulator.predictions(0.0290, seed=2), "my method, tuned")
    tell.check(second["evaluation"]["state"] == "scored", "a second good one is scored")
    third = you.submit(simulator.predictions(0.0280, seed=3), "one too many")
    problem = third.json()
    tell.check(
        third.status_code == 429 and bool(problem["next_free_at"]),
        f"a third is refused (429): the next place is free at {problem['next_free_at']}",
    )


def send_a_broken_file(tell: Teller, you: Visitor, simulator: Simulator) -> None:
    """It is refused by line and column, and nothing is charged."""
    lines = simulator.predictions(0.03, seed=0).splitlines(keepends=True)
    lines[6] = b"12 cat 45 7 9\n"
    before = you.standing()["remaining"]
    outcome = you.scored(b"".join(lines), "broken", publish=False)
    report = you.report(outcome["id"])
    fault = report["faults"][0]
    tell.say(f"line {fault['line']}, column {fault['column']}: {fault['sentence']} {fault['remedy']}")
    placed = (fault["line"], fault["column"]) == (7, 4) and bool(fault["remedy"])
    tell.check(report["outcome"] == "rejected" and placed, "a broken file is refused with line, column and remedy")
    tell.check(you.standing()["remaining"] == before == 2, "and nothing is charged for it")


def _hear_the_webhook(tell: Teller, submission: dict[str, Any], receiver: Receiver) -> None:
    delivery = receiver.next("evaluation.scored")
    sealed = datetime.fromisoformat(submission["sealed_at"])
    took = (delivery.at - sealed).total_seconds()
    tell.check(
        delivery.signed and delivery.event["data"]["submission"] == submission["id"],
        f"a good file is scored: {1000 * took:.0f} ms from sealed upload to signed webhook, signature checked",
    )


def _share_a_range(tell: Teller, entries: list[dict[str, Any]]) -> None:
    mine = [entry for entry in entries if entry["team"] == "you"]
    shared = [entry for entry in entries if entry["rank_range"] == mine[0]["rank_range"]]
    for line in board_lines([entry for entry in entries if entry in shared or entry in mine]):
        tell.say("  " + line)
    best, worst = mine[0]["rank_range"]
    tell.check(best < worst, f"entries that cannot be told apart share ranks {best}–{worst}")


def kill_a_scorer(tell: Teller, stage: Stage, simulator: Simulator) -> None:
    """Part 5: kill -9 in mid-job. A job may end before the blow falls; then another team tries."""
    predictions = simulator.predictions(0.05, seed=5)
    for attempt in range(1, 6):
        visitor = stage.newcomer(f"unlucky {attempt}")
        submission = visitor.submit(predictions, "killed in mid-job").raise_for_status().json()["submission"]["id"]
        killed = _kill_whoever_scores(visitor, submission, stage)
        if killed is None:
            continue
        outcome = visitor.outcome(submission)
        took = time.monotonic() - killed
        used = 2 - visitor.standing()["remaining"]
        tell.check(
            outcome["evaluation"]["state"] == "scored" and took <= TAKEOVER_SECONDS,
            f"its scorer was killed (-9) in mid-job; another had it scored {took:.1f} s later",
        )
        tell.check(outcome["evaluation"]["attempt"] == 1 and used == 1, "scored once, charged once")
        return
    tell.fail("no scorer could be caught at work")


def _kill_whoever_scores(visitor: Visitor, submission: str, stage: Stage) -> float | None:
    """Kill the scorer that runs this submission; the moment, or None when it was too late."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        evaluation = visitor.look(submission)["evaluation"]
        if evaluation["state"] == "running":
            if not stage.kill(evaluation["scorer"]):
                return None
            moment = time.monotonic()
            return moment if visitor.look(submission)["evaluation"]["state"] == "running" else None
        if evaluation["state"] not in ("queued", "running"):
            return None
    return None


def show_around(tell: Teller, stack: DemoStack, you: Visitor, key: str) -> None:
    """Part 6: where everything is, and how to go on."""
    url = stack.addresses.gateway_url
    tell.say(f"board     {url}/challenges/ilsvrc2012/classification/test")
    entry = next(entry["submission"] for entry in you.board() if entry["team"] == "you")
    tell.say(f"report    {url}/challenges/ilsvrc2012/classification/test/entries/{entry}")
    tell.say(f"API docs  {url}/docs")
    tell.say()
    tell.say("submit a file of your own (50,000 lines; a new team, two places):")
    tell.say(f"  export HOLDOUT_URL={url} HOLDOUT_KEY={key}")
    tell.say("  .venv/bin/python -m services.gateway.client submit YOUR_FILE \\")
    tell.say("    --challenge ilsvrc2012 --task classification --split test --publish")
    tell.say("or: curl -H \"Authorization: Bearer $HOLDOUT_KEY\" -H 'Content-Type: text/plain' \\")
    tell.say(f"  --data-binary @YOUR_FILE '{url}{TEST_SPLIT}/submissions?method=mine&publish=true'")
    tell.say()
    tell.say("stop      make down      (the next `make demo` begins anew)")
