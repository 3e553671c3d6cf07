"""60 teams send 50 requests each at 2 places: the ledger must admit exactly 120, refuse nobody wrongly, and be quick.

`python -m benchmarks.quota` starts a real PostgreSQL and the real service and speaks HTTP to it over as many
connections as there are requests at once. A request's time is from writing it to having read its whole answer;
all at once, that includes waiting for the 2,999 others. Percentiles are by nearest rank.
"""

import asyncio
import contextlib
import json
import math
import os
import random
import subprocess
import sys
import tempfile
import time
import uuid
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from benchmarks.page import rewrite
from deploy.stack.addresses import Addresses
from deploy.stack.launching import launched, plain_environment
from deploy.stack.ports import choose_ports
from deploy.stack.secrets import keep_secrets
from deploy.stack.servers.postgres import postgres
from services.quota.migrations import FOLDER
from shared.messages import ReservationRequest
from shared.migrations import migrate

TEAMS, REQUESTS, PLACES = 60, 50, 2
GOAL_MS = 100
HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Answer:
    """What one request came to: the team that asked, the status and the problem's code, and the time it took."""

    team: uuid.UUID
    status: int
    code: str | None
    seconds: float


def burst(port: int, token: str, connections: int, shuffled: bool = True) -> list[Answer]:
    """Send all requests of TEAMS new teams, `connections` at a time, team by team or shuffled; their answers."""
    requests = [_request(team) for team in (uuid.uuid4() for _ in range(TEAMS)) for _ in range(REQUESTS)]
    if shuffled:
        random.Random(2015).shuffle(requests)
    return asyncio.run(_send_all(port, token, connections, requests))


def is_exact(answers: Sequence[Answer]) -> bool:
    """Whether each team got exactly its places, and every other request was refused for want of one."""
    admitted = Counter(answer.team for answer in answers if answer.status == 201)
    refused = sum(answer.status == 429 and answer.code == "no-places-left" for answer in answers)
    return (
        set(admitted.values()) == {PLACES}
        and len(admitted) == TEAMS
        and refused == TEAMS * (REQUESTS - PLACES) == len(answers) - TEAMS * PLACES
    )


def percentile(answers: Sequence[Answer], share: float) -> float:
    """The time in ms that `share` of the answers took at most."""
    times = sorted(answer.seconds for answer in answers)
    return 1000 * times[math.ceil(share * len(times)) - 1]


@contextlib.contextmanager
def serving(port: int, database_url: str, token: str) -> Iterator[int]:
    """The real service as its own process, from its first answer on; gives its process id and stops it at the end."""
    environment = plain_environment(
        HOLDOUT_QUOTA_DATABASE_URL=database_url, HOLDOUT_QUOTA_TOKEN=token, HOLDOUT_QUOTA_PORT=str(port)
    )
    process = subprocess.Popen(
        [sys.executable, "-m", "services.quota", "serve"], env=environment, stderr=subprocess.DEVNULL
    )
    try:
        _await_answer(f"http://{HOST}:{port}/healthz")
        yield process.pid
    finally:
        process.terminate()
        process.wait(30)


def _request(team: uuid.UUID) -> ReservationRequest:
    return ReservationRequest(
        submission=uuid.uuid4(),
        team=team,
        pool="test",
        places=PLACES,
        window_seconds=7 * 24 * 3600,
        hold_seconds=3600,
        forgiven_per_day=20,
    )


async def _send_all(port: int, token: str, connections: int, requests: list[ReservationRequest]) -> list[Answer]:
    waiting = iter(requests)
    answers: list[Answer] = []

    async def connection() -> None:
        reader, writer = await asyncio.open_connection(HOST, port)
        answers.extend([await _ask(reader, writer, token, request) for request in waiting])
        writer.close()
        await writer.wait_closed()

    await asyncio.gather(*(connection() for _ in range(connections)))
    return answers


async def _ask(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, token: str, request: ReservationRequest
) -> Answer:
    body = request.model_dump_json().encode()
    head = (
        f"POST /v1/reservations HTTP/1.1\r\nHost: {HOST}\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    started = time.perf_counter()
    writer.write(head.encode() + body)
    status, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    length = next(int(line.split(":")[1]) for line in lines if line.lower().startswith("content-length"))
    answer = json.loads(await reader.readexactly(length))
    seconds = time.perf_counter() - started
    return Answer(request.team, int(status.split()[1]), answer.get("code"), seconds)


def _await_answer(url: str) -> None:
    deadline = time.monotonic() + 30
    while True:
        try:
            urlopen(url, timeout=5).close()
        except URLError:
            assert time.monotonic() < deadline, f"{url} does not answer"
            time.sleep(0.02)
        else:
            return


@contextlib.contextmanager
def _database(folder: Path) -> Iterator[Addresses]:
    addresses = Addresses(choose_ports(folder / "ports.json", {}), keep_secrets(folder / "secrets.json"))
    program = postgres(folder / "postgres", addresses)
    program.prepare()
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            launched(program.command, program.launch),
            env=dict(program.environment),
            cwd=program.folder,
            stdout=log,
            stderr=log,
        )
        try:
            deadline = time.monotonic() + 30
            while not program.ready(""):
                assert time.monotonic() < deadline, (folder / "log").read_text()
                time.sleep(0.02)
            yield addresses
        finally:
            process.send_signal(program.stop_signal)
            process.wait(10)


def main() -> None:
    """Measure the three ways of coming, print the table, and rewrite its section of docs/performance.md."""
    with tempfile.TemporaryDirectory() as name, _database(Path(name)) as addresses:
        port, token = addresses.ports["quota"], addresses.secrets.quota_token
        migrate(addresses.database_url("quota"), FOLDER)
        with serving(port, addresses.database_url("quota"), token):
            burst(port, token, 50)  # Warm: connections open, statements compiled.
            runs = {
                "50 at a time, team by team": burst(port, token, 50, shuffled=False),
                "50 at a time, shuffled": burst(port, token, 50),
                "all 3,000 at once": burst(port, token, TEAMS * REQUESTS),
            }
    text = _table(runs)
    print(text)
    rewrite("quota", text)


def _table(runs: Mapping[str, Sequence[Answer]]) -> str:
    lines = [
        f"{TEAMS} teams × {REQUESTS} requests at {PLACES} places, client and service on {os.cpu_count()} cores",
        f"(goal: exactly {TEAMS * PLACES} admitted, p99 at most {GOAL_MS} ms):",
        "",
        "| how the requests come | admitted | p50 ms | p99 ms |",
        "|---|---|---|---|",
    ]
    for title, answers in runs.items():
        admitted = sum(answer.status == 201 for answer in answers)
        exact = "exact" if is_exact(answers) else "WRONG"
        times = f"{percentile(answers, 0.5):.0f} | {percentile(answers, 0.99):.0f}"
        lines.append(f"| {title} | {admitted}, {exact} | {times} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
