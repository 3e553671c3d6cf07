"""How fast a gateway answers when its boards hold 10,000 entries, or 300 in a contest of 200 categories.

A real stack, filled by `crowd`. One client asks for each thing again and again: as it is, and after each new entry.
"""

import contextlib
import math
import os
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from uuid import UUID

import httpx
from sqlalchemy import text

from benchmarks.crowd import TEAMS, Crowd
from benchmarks.page import rewrite
from deploy.demo.running import DemoStack, bring_up
from deploy.stack.folder import Folder
from deploy.stack.stopping import stop
from services.gateway.actions.keys import make_key
from services.gateway.actions.teams import found_team, named_team
from services.gateway.desk import Desk, open_desk
from services.gateway.publish import publish
from services.gateway.store import challenges
from services.gateway.store.challenges import Venue
from shared.storage import Storage

ENTRIES, CONTEST_ENTRIES, MINE = 10_000, 300, 10_000
WARM_UP, ROUNDS, CHANGES = 3, 100, 20
GOAL_P50_MS, GOAL_P99_MS = 50, 100

DEFINITION = """
name = "crowd"
version = 1
title = "Crowd"
year = 2026
description = "For a benchmark."

[tasks.classification]
kind = "classification"
title = "Classification"
headline = "top_5_error"
categories = 1000
max_bytes = 600_000_000
protocol = { confidence = "proven", source = "eval_flat.m" }

[tasks.classification.splits.test]
title = "Test"
images = 100_000
held_out = true
limits = { pool = "crowd", places = 1000, window_seconds = 3600 }

[tasks.detection]
kind = "detection"
title = "Detection"
headline = "mean_average_precision"
winner = "categories_won"
categories = 200
max_bytes = 600_000_000
protocol = { confidence = "proven", source = "eval_detection.m" }

[tasks.detection.splits.test]
title = "Test"
images = 40_000
held_out = true
limits = { pool = "crowd", places = 1000, window_seconds = 3600 }
"""
BOARD = "/v1/challenges/crowd/tasks/{task}/splits/test/leaderboard"
PAGE = "/challenges/crowd/{task}/test"
CLASSIFICATION, CONTEST = BOARD.format(task="classification"), BOARD.format(task="detection")


@dataclass(frozen=True, slots=True)
class Filled:
    """A gateway full of entries: a team's client, the desk behind it, the processes of both, and where entries go."""

    http: httpx.Client
    desk: Desk
    pid: int
    database: int
    crowd: Crowd
    venues: Mapping[str, Venue]

    def enter(self, task: str, number: int) -> None:
        """One more entry on the board of `task`."""
        with self.desk.database.begin() as session:
            self.crowd.enter(session, self.venues[task], 1, start=ENTRIES + number)

    def processor_seconds(self) -> float:
        """What the gateway and the database have had of the processors, in ticks of 1/100 s."""
        stats = (process / "stat" for process in Path("/proc").iterdir() if process.name.isdigit())
        ours = (fields for fields in map(_fields, stats) if fields and self._is_ours(fields))
        return sum(int(fields[13]) + int(fields[14]) for fields in ours) / os.sysconf("SC_CLK_TCK")

    def _is_ours(self, fields: Sequence[str]) -> bool:
        return int(fields[0]) == self.pid or int(fields[3]) == self.database


@dataclass(frozen=True, slots=True)
class Times:
    """Milliseconds of each answer, in ascending order, and of the processors for one."""

    wall: Sequence[float]
    processor: float


Ask = Callable[[], httpx.Response]


def _fields(stat: Path) -> list[str]:
    """The fields of a process's /proc/PID/stat; none where it has ended."""
    try:
        start, _, rest = stat.read_text().rpartition(")")
    except OSError:
        return []
    return [start.split()[0], start, *rest.split()]


def main() -> None:
    """Measure, print the table, and rewrite its section of docs/performance.md."""
    with tempfile.TemporaryDirectory() as folder, _filled(Path(folder)) as filled:
        before = _memory(filled.pid)
        rows = {name: _times(filled, ask, ROUNDS) for name, ask in _asks(filled).items()}
        for name, task, ask in _after_a_change(filled):
            rows[name] = _times(filled, ask, CHANGES, partial(filled.enter, task))
        text_ = _table(rows, before, _memory(filled.pid))
    print(text_)
    rewrite("boards", text_)


def _asks(filled: Filled) -> dict[str, Ask]:
    http = filled.http
    first = http.get(CLASSIFICATION).raise_for_status()
    etag = first.headers.get("ETag", "")
    submission = http.get("/v1/submissions").raise_for_status().json()["items"][0]["id"]
    middle = _middle(http)

    def get(path: str, **headers: str) -> Ask:
        return lambda: http.get(path, headers=headers)

    return {
        "board, first page": get(CLASSIFICATION),
        "board, a page in its middle": get(middle),
        "board, unchanged since (`If-None-Match`)": get(CLASSIFICATION, **{"If-None-Match": etag}),
        "board of one track": get(f"{CLASSIFICATION}?track=external"),
        "board for people": get(PAGE.format(task="classification")),
        "board for people, a page in its middle": get(f"{PAGE.format(task='classification')}?page=50"),
        "contest by categories": get(CONTEST),
        "contest by categories, for people": get(PAGE.format(task="detection")),
        "my submissions, of 10,000": get("/v1/submissions?limit=100"),
        "my submissions, a page in their middle": get(_halfway(http)),
        "one submission": get(f"/v1/submissions/{submission}"),
        "the task's page": get("/challenges/crowd/classification"),
        "the list of challenges": get("/v1/challenges"),
        "the list of challenges, for people": get("/"),
    }


def _after_a_change(filled: Filled) -> Iterator[tuple[str, str, Ask]]:
    yield "board, first page, right after a new entry", "classification", lambda: filled.http.get(CLASSIFICATION)
    yield "contest by categories, right after a new entry", "detection", lambda: filled.http.get(CONTEST)


def _middle(http: httpx.Client) -> str:
    """The address of the page in the board's middle."""
    half = http.get(CLASSIFICATION, params={"limit": ENTRIES // 2}).raise_for_status().json()
    return f"{CLASSIFICATION}?cursor={half.get('next')}"


def _halfway(http: httpx.Client) -> str:
    """The address of the page in the middle of the team's submissions."""
    path = "/v1/submissions?limit=100"
    page = http.get(path).json()
    for _ in range(MINE // 200):
        page = http.get(f"{path}&cursor={page['next']}").json()
    return f"{path}&cursor={page['next']}"


def _times(filled: Filled, ask: Ask, rounds: int, before: Callable[[int], None] | None = None) -> Times:
    """What each of `rounds` answers took."""
    for _ in range(WARM_UP):
        ask()
    times, used = [], 0.0
    for number in range(rounds):
        if before:
            before(number)
        used_before, started = filled.processor_seconds(), time.perf_counter()
        answer = ask()
        times.append(1000 * (time.perf_counter() - started))
        used += filled.processor_seconds() - used_before
        assert answer.status_code in (200, 304), answer.text
    return Times(sorted(times), 1000 * used / rounds)


@contextlib.contextmanager
def _filled(folder: Path) -> Iterator[Filled]:
    """A fresh stack, published to and filled."""
    try:
        for line in bring_up(folder / "stack", ["--gateway-port", "0"]):
            print(line)
        stack = DemoStack(folder / "stack")
        with contextlib.closing(open_desk(stack.gateway_settings(), "benchmark")) as desk:
            team, key = _publish(desk, stack, folder)
            crowd = Crowd(random.Random(2012))
            venues = _fill(desk, crowd, team)
            pid, database = stack.process("gateway"), stack.process("postgres")
            assert pid is not None, "the stack is up"
            assert database is not None, "the stack is up"
            headers = {"Authorization": f"Bearer {key}"}
            url = stack.addresses.gateway_url
            with httpx.Client(base_url=url, headers=headers, timeout=300, trust_env=False) as http:
                yield Filled(http, desk, pid, database, crowd, venues)
    finally:
        stop(Folder(folder / "stack"))


def _publish(desk: Desk, stack: DemoStack, folder: Path) -> tuple[UUID, str]:
    (folder / "challenge.toml").write_text(DEFINITION)
    (folder / "truth").write_bytes(b"1\n")
    truths = [f"{task}/test={folder / 'truth'}" for task in ("classification", "detection")]
    with contextlib.closing(Storage(stack.addresses.storage_address("publish"))) as operator:
        publish(desk.database, operator, desk.clock, folder, truths, check=False)
    found_team(desk, "benchmark")
    return named_team(desk, "benchmark").id, make_key(desk, "benchmark", "benchmark").text()


def _fill(desk: Desk, crowd: Crowd, team: UUID) -> dict[str, Venue]:
    with desk.database.begin() as session:
        venues = {task: challenges.venue(session, "crowd", task, "test") for task in ("classification", "detection")}
        crowd.found(session)
        crowd.enter(session, venues["classification"], ENTRIES)
        crowd.enter(session, venues["detection"], CONTEST_ENTRIES)
        crowd.enter(session, venues["classification"], MINE, team)
    with desk.database.look() as connection:
        connection.execute(text("VACUUM ANALYZE"))
    return venues


def _memory(pid: int) -> float:
    """Resident MiB of a process."""
    status = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line for line in status if line.startswith("VmRSS")).split()[1]) / 1024


def _table(rows: Mapping[str, Times], before: float, after: float) -> str:
    lines = [
        f"{ENTRIES:,} entries of {TEAMS} teams on a board, {CONTEST_ENTRIES} in a contest of 200 categories,",
        f"{MINE:,} submissions of the asking team (goal: p50 at most {GOAL_P50_MS} ms, p99 at most {GOAL_P99_MS}):",
        "",
        "| what is asked for | p50 ms | p99 ms | processor ms, gateway and database |",
        "|---|---|---|---|",
    ]
    for name, times in rows.items():
        wall = times.wall
        p50, p99 = statistics.median(wall), wall[math.ceil(0.99 * len(wall)) - 1]
        lines.append(f"| {name} | {p50:.1f} | {p99:.1f} | {times.processor:.1f} |")
    lines += [
        "",
        f"The gateway's memory: {before:.0f} MiB with full tables and before it was asked, {after:.0f} MiB at the end.",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
