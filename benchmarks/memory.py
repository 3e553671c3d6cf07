"""How much a gateway grows while it takes a file of 500 MB: in one body, and in parts, four at a time.

Linux tells the peak: VmHWM of /proc/PID/status, set back before each upload.
"""

import base64
import contextlib
import hashlib
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import httpx

from benchmarks.page import rewrite
from deploy.demo.running import DemoStack, bring_up
from deploy.stack.folder import Folder
from deploy.stack.stopping import stop
from services.gateway.actions.keys import make_key
from services.gateway.actions.teams import found_team
from services.gateway.desk import open_desk
from services.gateway.publish import publish
from shared.storage import PART_BYTES, Storage

SIZE_BYTES = 500_000_000
WARM_UP_BYTES = 1_000_000
PARALLEL = 4
GOAL_BYTES = 64 * 2**20
BLOCK = b"1 2 3 4 5\n" * 26_214

DEFINITION = """
name = "memory"
version = 1
title = "Memory"
year = 2026
description = "For a benchmark."

[tasks.classification]
kind = "classification"
title = "Classification"
headline = "top_5_error"
categories = 10
max_bytes = 600_000_000
protocol = { confidence = "proven", source = "eval_flat.m" }

[tasks.classification.splits.test]
title = "Test"
images = 2
held_out = true
limits = { pool = "memory", places = 1000, window_seconds = 3600 }
"""
PLACE = {"challenge": "memory", "task": "classification", "split": "test"}


@dataclass(frozen=True, slots=True)
class Peak:
    """A process before a deed, at its largest during it, and how long that took."""

    before_bytes: int
    peak_bytes: int
    seconds: float

    @property
    def grown_bytes(self) -> int:
        """By how much it grew."""
        return self.peak_bytes - self.before_bytes


def main() -> None:
    """Measure, print the table, and rewrite its section of docs/performance.md."""
    ways = {"one body": send_in_one_body, f"parts of 8 MiB, {PARALLEL} at a time": send_in_parts}
    with tempfile.TemporaryDirectory() as folder, _team(Path(folder)) as (http, pid):
        for send in ways.values():
            send(http, PLACE, WARM_UP_BYTES)
        peaks = {name: peak_of(pid, partial(send, http, PLACE, SIZE_BYTES)) for name, send in ways.items()}
    text = _table(peaks)
    print(text)
    rewrite("memory", text)


def peak_of(pid: int, deed: Callable[[], None]) -> Peak:
    """What process `pid` needs while `deed` lasts."""
    Path(f"/proc/{pid}/clear_refs").write_text("5")
    before, started = _status(pid, "VmRSS"), time.monotonic()
    deed()
    return Peak(before, _status(pid, "VmHWM"), time.monotonic() - started)


def send_in_one_body(http: httpx.Client, place: dict[str, str], size_bytes: int) -> None:
    """Submit a file of that size as one request."""
    path = "/v1/challenges/{challenge}/tasks/{task}/splits/{split}/submissions".format(**place)
    headers = {"Content-Type": "text/plain", "Content-Length": str(size_bytes)}
    http.post(path, params={"method": "one body"}, content=_blocks(size_bytes), headers=headers).raise_for_status()


def send_in_parts(http: httpx.Client, place: dict[str, str], size_bytes: int, parallel: int = PARALLEL) -> None:
    """Submit a file of that size in parts, `parallel` at a time."""
    said = {"size_bytes": size_bytes, "method": "in parts"}
    upload = http.post("/v1/uploads", json=place | said).raise_for_status().json()
    path = f"/v1/uploads/{upload['id']}"

    def put(number: int) -> None:
        part_bytes = min(PART_BYTES, size_bytes - (number - 1) * PART_BYTES)
        part = b"".join(_blocks(part_bytes))
        digest = base64.b64encode(hashlib.sha256(part).digest()).decode()
        headers = {"Content-Digest": f"sha-256=:{digest}:"}
        http.put(f"{path}/parts/{number}", content=part, headers=headers).raise_for_status()

    with ThreadPoolExecutor(parallel) as pool:
        list(pool.map(put, range(1, upload["part_count"] + 1)))
    http.post(f"{path}/complete").raise_for_status()


def _blocks(size_bytes: int) -> Iterator[bytes]:
    for start in range(0, size_bytes, len(BLOCK)):
        yield BLOCK[: size_bytes - start]


def _status(pid: int, name: str) -> int:
    line = next(line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith(name))
    return int(line.split()[1]) * 1024


@contextlib.contextmanager
def _team(folder: Path) -> Iterator[tuple[httpx.Client, int]]:
    """A team's client in a fresh stack, and the gateway's process."""
    try:
        for line in bring_up(folder / "stack", ["--gateway-port", "0"]):
            print(line)
        stack = DemoStack(folder / "stack")
        (folder / "challenge.toml").write_text(DEFINITION)
        (folder / "truth").write_bytes(b"1\n2\n")
        with (
            contextlib.closing(open_desk(stack.gateway_settings(), "benchmark")) as desk,
            contextlib.closing(Storage(stack.addresses.storage_address("publish"))) as operator,
        ):
            publish(desk.database, operator, desk.clock, folder, [f"test={folder / 'truth'}"])
            found_team(desk, "benchmark")
            key = make_key(desk, "benchmark", "benchmark").text()
        pid = stack.process("gateway")
        assert pid is not None, "the stack is up"
        headers = {"Authorization": f"Bearer {key}"}
        with httpx.Client(base_url=stack.addresses.gateway_url, headers=headers, timeout=300, trust_env=False) as http:
            yield http, pid
    finally:
        stop(Folder(folder / "stack"))


def _table(peaks: dict[str, Peak]) -> str:
    mib = 2**20
    lines = [
        f"One gateway, {SIZE_BYTES / 1e6:.0f} MB (goal: it grows by at most {GOAL_BYTES // mib} MiB):",
        "",
        "| how the file comes | before MiB | peak MiB | grown MiB | seconds |",
        "|---|---|---|---|---|",
    ]
    lines += [
        f"| {name} | {p.before_bytes / mib:.0f} | {p.peak_bytes / mib:.0f} | {p.grown_bytes / mib:.0f} | {p.seconds:.1f} |"
        for name, p in peaks.items()
    ]
    return "\n".join(lines)
