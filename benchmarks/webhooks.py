"""Webhooks under load: how soon after its commit an event arrives, with quick endpoints only, and beside slow ones.

A one-machine stack without scorers; events are told as the gateway tells them, its courier delivers, and the receivers
are here, so commit and arrival are read from one clock. The slow endpoints belong to half of the same teams: they take
every event too, answer nothing or a byte now and then, and are cut off after 20 s at each attempt.
"""

import asyncio
import contextlib
import math
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

from benchmarks.page import rewrite
from deploy.demo.running import DemoStack, bring_up
from deploy.stack.folder import Folder
from deploy.stack.stopping import stop
from services.gateway.actions import endpoints
from services.gateway.actions.teams import found_team
from services.gateway.desk import Desk, open_desk
from services.gateway.store import events
from services.gateway.tables import SubmissionRow
from shared.messages import Event

TEAMS, SLOW, EVENTS_PER_SECOND, SECONDS = 20, 10, 50, 20
WARM_UP = 2 * TEAMS
GOAL_SECONDS = 2.0
PATIENCE_SECONDS = 60
SLOW_SECONDS = 25
"""Longer than an attempt may last."""


@dataclass
class Receivers:
    """All endpoints on one port: `/quick` notes when each event came and answers, `/hang` and `/drip` do not."""

    port: int = 0
    arrived: dict[str, float] = field(default_factory=dict)
    slow: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection of the courier's."""
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            while True:
                path, body = await _request(reader)
                if path == "/quick":
                    self.arrived.setdefault(Event.model_validate_json(body).data["name"], time.monotonic())
                    writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
                else:
                    self.slow += 1
                    await _dawdle(writer, drips=path == "/drip")
        writer.close()


async def _request(reader: asyncio.StreamReader) -> tuple[str, bytes]:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    length = next(int(line.split(":")[1]) for line in head if line.lower().startswith("content-length"))
    return head[0].split(" ")[1], await reader.readexactly(length)


async def _dawdle(writer: asyncio.StreamWriter, drips: bool) -> None:
    if drips:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    for _ in range(2 * SLOW_SECONDS):
        await asyncio.sleep(0.5)
        writer.write(b"." if drips else b"")
        await writer.drain()


@contextlib.contextmanager
def receiving() -> Iterator[Receivers]:
    """Listen until the block ends, in a thread of its own."""
    receivers, loop = Receivers(), asyncio.new_event_loop()
    server = loop.run_until_complete(asyncio.start_server(receivers.serve, "127.0.0.1", 0))
    receivers.port = server.sockets[0].getsockname()[1]
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield receivers
    finally:
        asyncio.run_coroutine_threadsafe(_leave(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)


async def _leave() -> None:
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)


def found_teams(desk: Desk, port: int) -> list[SubmissionRow]:
    """Teams with a quick endpoint each; a submission of each to tell of."""
    made = []
    for number in range(TEAMS):
        team, now = found_team(desk, f"benchmark {number}").id, desk.clock()
        endpoints.register(desk, team, endpoints.Draft(f"http://127.0.0.1:{port}/quick"))
        texts = dict.fromkeys(("challenge", "task", "split", "method", "description", "object_key"), "benchmark")
        made.append(
            SubmissionRow(
                id=uuid4(), team_id=team, state="sealed", track="provided", created_at=now, deadline_at=now, **texts
            )
        )
    with desk.database.begin() as session:
        session.add_all(made)
    return made


def tell_for(desk: Desk, submissions: Sequence[SubmissionRow], number: int) -> dict[str, float]:
    """Tell `number` events at the rate, one team after the other; each one's name, and the moment after its commit."""
    start = time.monotonic()

    def tell(turn: int) -> tuple[str, float]:
        time.sleep(max(0.0, start + turn / EVENTS_PER_SECOND - time.monotonic()))
        name, submission = str(uuid4()), submissions[turn % len(submissions)]
        with desk.database.begin() as session:
            events.tell(session, submission, "evaluation.scored", {"name": name}, desk.clock())
        return name, time.monotonic()

    with ThreadPoolExecutor(8) as hands:
        return dict(hands.map(tell, range(number)))


def waits(desk: Desk, submissions: Sequence[SubmissionRow], receivers: Receivers, number: int) -> list[float]:
    """Seconds from commit to arrival of `number` events, sorted; infinite for one that has not come."""
    committed = tell_for(desk, submissions, number)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not committed.keys() <= receivers.arrived.keys() and time.monotonic() < deadline:
        time.sleep(0.05)
    return sorted(receivers.arrived.get(name, math.inf) - moment for name, moment in committed.items())


def add_slow(desk: Desk, submissions: Sequence[SubmissionRow], port: int) -> None:
    """Half of the teams get an endpoint that hangs or drips beside their quick one."""
    for number, submission in enumerate(submissions[:SLOW]):
        manner = "hang" if number % 2 else "drip"
        endpoints.register(desk, submission.team_id, endpoints.Draft(f"http://127.0.0.1:{port}/{manner}"))


def main() -> None:
    """Measure, print the table, and rewrite its section of docs/performance.md; fails where the goal is not met."""
    with tempfile.TemporaryDirectory() as name, receiving() as receivers:
        folder = Path(name) / "stack"
        try:
            for line in bring_up(folder, ["--gateway-port", "0", "--scorers", "0"]):
                print(line)
            with contextlib.closing(open_desk(DemoStack(folder).gateway_settings(), "benchmark")) as desk:
                runs = _measure(desk, receivers)
        finally:
            stop(Folder(folder))
    text = _table(runs, receivers.slow)
    print(text)
    rewrite("webhooks", text)
    if any(_percentile(run, 0.99) > GOAL_SECONDS for run in runs.values()):
        sys.exit("the goal is not met")


def _measure(desk: Desk, receivers: Receivers) -> dict[str, list[float]]:
    submissions = found_teams(desk, receivers.port)
    waits(desk, submissions, receivers, WARM_UP)
    number = EVENTS_PER_SECOND * SECONDS
    runs = {"quick endpoints only": waits(desk, submissions, receivers, number)}
    add_slow(desk, submissions, receivers.port)
    waits(desk, submissions, receivers, WARM_UP)
    return runs | {f"beside {SLOW} that hang or drip": waits(desk, submissions, receivers, number)}


def _percentile(sorted_waits: Sequence[float], share: float) -> float:
    return sorted_waits[math.ceil(share * len(sorted_waits)) - 1]


def _table(runs: dict[str, list[float]], slow: int) -> str:
    lines = [
        f"{TEAMS} teams, {EVENTS_PER_SECOND} events a second for {SECONDS} s; seconds from commit to the arrival of the",
        f"first attempt (goal: p99 at most {GOAL_SECONDS:g}; the slow endpoints had {slow} attempts meanwhile):",
        "",
        "| endpoints | events | p50 | p99 | longest |",
        "|---|---|---|---|---|",
    ]
    for title, run in runs.items():
        figures = " | ".join(f"{value:.3f}" for value in (_percentile(run, 0.5), _percentile(run, 0.99), run[-1]))
        lines.append(f"| {title} | {len(run)} | {figures} |")
    met = all(_percentile(run, 0.99) <= GOAL_SECONDS for run in runs.values())
    return "\n".join([*lines, "", f"The goal is {'met' if met else '**not met**'}."])
