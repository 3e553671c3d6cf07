"""From sealed upload to signed webhook on an idle one-machine stack, hop by hop.

The moments are the gateway's own (sealed, queued, concluded), the scorer's timings from its notice, and the arrival of
the webhook at a receiver on this machine: one clock for all.
"""

import contextlib
import statistics
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from benchmarks.page import rewrite
from deploy.demo.contestants import Simulator
from deploy.demo.devkit import fetch_devkit
from deploy.demo.receiver import Receiver, receiving
from deploy.demo.running import DemoStack, bring_up
from deploy.demo.visitor import Visitor
from deploy.stack.folder import Folder
from deploy.stack.stopping import stop
from services.gateway.actions import endpoints
from services.gateway.actions.keys import make_key
from services.gateway.actions.teams import found_team, named_team
from services.gateway.desk import open_desk
from services.gateway.publish import publish
from shared.storage import Storage

CACHE = Path(".cache")
DEFINITION = Path(__file__).parents[1] / "deploy" / "demo" / "ilsvrc2012"
SPLIT, POOL = "/v1/challenges/ilsvrc2012/tasks/classification/splits/validation", "ilsvrc2012-validation"
STAGES = ("fetch", "begin", "parsing", "scoring", "intervals", "store")
WARM_UP, ROUNDS = 5, 100
GOAL_P50_MS, GOAL_P99_MS = 150, 500


@dataclass(frozen=True, slots=True)
class Round:
    """One submission: milliseconds in all, and by hop in the order in which they happen."""

    total: float
    hops: dict[str, float]


def main() -> None:
    """Measure, print the table, and rewrite its section of docs/performance.md."""
    with tempfile.TemporaryDirectory() as folder, receiving() as receiver, _team(Path(folder), receiver) as team:
        visitor, predictions = team
        for number in range(WARM_UP):
            _measure(visitor, predictions[number], receiver)
        rounds = [_measure(visitor, predictions[WARM_UP + n], receiver) for n in range(ROUNDS)]
    text = _table(rounds)
    print(text)
    rewrite("latency", text)


@contextlib.contextmanager
def _team(folder: Path, receiver: Receiver) -> Iterator[tuple[Visitor, list[bytes]]]:
    """A team with an endpoint in a fresh stack, and files to send."""
    try:
        for line in bring_up(folder / "stack", ["--gateway-port", "0"]):
            print(line)
        stack = DemoStack(folder / "stack")
        labels = fetch_devkit(CACHE).labels
        (folder / "truth").write_bytes(labels)
        with (
            contextlib.closing(open_desk(stack.gateway_settings(), "benchmark")) as desk,
            contextlib.closing(Storage(stack.addresses.storage_address("publish"))) as operator,
        ):
            publish(desk.database, operator, desk.clock, DEFINITION, [f"validation={folder / 'truth'}"])
            found_team(desk, "benchmark")
            draft = endpoints.Draft(receiver.url)
            receiver.secret = endpoints.register(desk, named_team(desk, "benchmark").id, draft).secrets[0]
            key = make_key(desk, "benchmark", "benchmark").text()
        simulator = Simulator(labels)
        with contextlib.closing(Visitor(stack.addresses.gateway_url, key, SPLIT, POOL)) as visitor:
            # Each is sent once: the same bytes again would not be scored again.
            yield visitor, [simulator.predictions(0.1, seed) for seed in range(WARM_UP + ROUNDS)]
    finally:
        stop(Folder(folder / "stack"))


def _measure(visitor: Visitor, predictions: bytes, receiver: Receiver) -> Round:
    submission = visitor.submit(predictions, "benchmark").raise_for_status().json()["submission"]["id"]
    delivery = receiver.next("evaluation.scored")
    assert delivery.signed
    assert delivery.event["data"]["submission"] == submission
    return _round(visitor.look(submission), delivery.at)


def _round(submission: dict[str, Any], received: datetime) -> Round:
    evaluation = submission["evaluation"]
    sealed, queued, concluded = (
        datetime.fromisoformat(moment)
        for moment in (submission["sealed_at"], evaluation["enqueued_at"], evaluation["finished_at"])
    )
    stages = {name: 1000 * evaluation["timings"].get(name, 0.0) for name in STAGES}
    to_report = _ms(queued, concluded)
    hops = {"courier: outbox to queue": _ms(sealed, queued)}
    hops |= {f"scorer: {name}": took for name, took in stages.items()}
    hops["queue to scorer, report's bell to gateway, outcome applied"] = to_report - sum(stages.values())
    hops["courier: webhook signed and delivered"] = _ms(concluded, received)
    return Round(_ms(sealed, received), hops)


def _ms(start: datetime, end: datetime) -> float:
    return 1000 * (end - start).total_seconds()


def _table(rounds: Sequence[Round]) -> str:
    totals = sorted(one.total for one in rounds)
    p50, p99 = statistics.median(totals), totals[round(0.99 * (len(totals) - 1))]
    lines = [
        f"50,000 images, {len(rounds)} submissions one after another on an idle stack:",
        f"p50 **{p50:.0f} ms** (goal {GOAL_P50_MS}), p99 **{p99:.0f} ms** (goal {GOAL_P99_MS}),",
        f"from {totals[0]:.0f} to {totals[-1]:.0f} ms.",
        "",
        "| hop | median ms | share |",
        "|---|---|---|",
    ]
    medians = {name: statistics.median(one.hops.get(name, 0.0) for one in rounds) for name in rounds[0].hops}
    whole = sum(medians.values())
    lines += [f"| {name} | {took:.1f} | {100 * took / whole:.0f} % |" for name, took in medians.items()]
    return "\n".join(lines)
