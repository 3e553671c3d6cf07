"""Classification of 50,000 images, posted by several clients as fast as it is scored, for 30 s, on all real servers.

A client sends a file, waits for its outcome, and sends the next: what is counted was scored end to end.
"""

import os
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from benchmarks.idle import family
from benchmarks.latency import CACHE, DEFINITION, POOL, SPLIT
from benchmarks.page import rewrite
from deploy.demo.contestants import Simulator
from deploy.demo.devkit import fetch_devkit
from deploy.demo.running import DemoStack, bring_up
from deploy.demo.visitor import Visitor
from deploy.stack.folder import Folder
from deploy.stack.stopping import stop
from services.gateway.actions.keys import make_key
from services.gateway.actions.teams import found_team
from services.gateway.desk import open_desk
from services.gateway.publish import publish
from shared.storage import Storage

CLIENTS, SECONDS, WARM_UP_SECONDS = 8, 30, 3
GOAL = 20
FILES = 32
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Load:
    """How many submissions were scored in so many seconds, and the processor seconds of each program meanwhile."""

    scored: int
    seconds: float
    used: dict[str, float]


def main() -> None:
    """Measure, print the table, rewrite the section."""
    with tempfile.TemporaryDirectory() as folder:
        load = _measured(Path(folder))
    rate = load.scored / load.seconds
    rows = [
        f"| {name} | {used:.1f} | {100 * used / load.seconds:.0f} % | {1000 * used / load.scored:.1f} |"
        for name, used in sorted(load.used.items(), key=lambda item: -item[1])
    ]
    met = "met" if rate >= GOAL else "**not met**"
    title = (
        f"{CLIENTS} clients on {os.cpu_count()} cores for {load.seconds:.0f} s: {load.scored:,} submissions scored, "
        f"**{rate:.1f} a second** (goal {GOAL}: {met})."
    )
    head = ["", "| program | processor s | of one core | ms a submission |", "|---|---|---|---|"]
    text = "\n".join([title, *head, *rows])
    print(text)
    rewrite("sustained", text)


def _measured(folder: Path) -> Load:
    try:
        for line in bring_up(folder / "stack", ["--gateway-port", "0"]):
            print(line)
        stack = DemoStack(folder / "stack")
        labels = fetch_devkit(CACHE).labels
        (folder / "truth").write_bytes(labels)
        keys = _keys(stack, folder)
        simulator = Simulator(labels)
        files = [simulator.predictions(0.1, seed) for seed in range(FILES)]
        with ThreadPoolExecutor(CLIENTS) as pool:
            list(
                pool.map(
                    lambda n: _client(stack, keys[n], files, n, time.monotonic() + WARM_UP_SECONDS), range(CLIENTS)
                )
            )
            before, started = _used(stack), time.monotonic()
            end = started + SECONDS
            scored = sum(pool.map(lambda n: _client(stack, keys[n], files, CLIENTS + n, end), range(CLIENTS)))
            seconds, after = time.monotonic() - started, _used(stack)
        return Load(scored, seconds, {name: after[name] - before[name] for name in after})
    finally:
        stop(Folder(folder / "stack"))


def _keys(stack: DemoStack, folder: Path) -> list[str]:
    """A team for each client."""
    with (
        closing(open_desk(stack.gateway_settings(), "benchmark")) as desk,
        closing(Storage(stack.addresses.storage_address("publish"))) as operator,
    ):
        publish(desk.database, operator, desk.clock, DEFINITION, [f"validation={folder / 'truth'}"])
        names = [f"benchmark-{number}" for number in range(CLIENTS)]
        for name in names:
            found_team(desk, name)
        return [make_key(desk, name, "benchmark").text() for name in names]


def _client(stack: DemoStack, key: str, files: list[bytes], salt: int, end: float) -> int:
    """How many files were scored until `end`; no two of them alike, for the same bytes would not be scored again."""
    scored = 0
    with closing(Visitor(stack.addresses.gateway_url, key, SPLIT, POOL)) as visitor:
        while time.monotonic() < end:
            lines = files[(salt + scored) % FILES].splitlines(keepends=True)
            lines[0] = b"%d %d\n" % (salt + 1, scored % 1000 + 1)
            found = visitor.scored(b"".join(lines), f"{salt} {scored}", publish=False)
            if found["evaluation"]["state"] != "scored":
                raise SystemExit(f"not scored: {found['evaluation']}")
            scored += 1
    return scored


def _used(stack: DemoStack) -> dict[str, float]:
    """The processor seconds of each program and its children, those that ended included; and of the clients here."""
    used = {name: sum(map(_seconds, family(pid))) for name, pid in stack.processes().items()}
    mine = os.times()
    return used | {"the clients": mine.user + mine.system}


def _seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / TICKS


if __name__ == "__main__":
    main()
