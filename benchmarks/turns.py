"""Ways of doing the same work, run in turn, round after round, in one process: a busy machine slows all of them alike.

Processor time of all threads counts: the clock on the wall also counts what else the machine does.
"""

import gc
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from statistics import median

Way = Callable[[], object]

OURS = "Holdout"
"""The way that all others are compared with."""


@dataclass(frozen=True, slots=True)
class Goal:
    """What is hoped for: Holdout's rate is at least `least` times that of `peer`."""

    peer: str
    least: float


def timed(ways: dict[str, Way], rounds: int) -> dict[str, list[float]]:
    """The processor seconds of each way, round by round, after one to warm up."""
    times: dict[str, list[float]] = {name: [] for name in ways}
    for count in range(rounds + 1):
        for name, way in ways.items():
            gc.collect()
            start = time.process_time()
            way()
            if count:
                times[name].append(time.process_time() - start)
    return times


def ratio(times: dict[str, list[float]], peer: str) -> float:
    """How many times as long as Holdout `peer` takes: the median over the rounds."""
    return median(theirs / ours for theirs, ours in zip(times[peer], times[OURS], strict=True))


def table(title: str, times: dict[str, list[float]], goal: Goal | None = None) -> str:
    """Medians, the quickest first, and whether the goal is met."""
    rounds = len(times[OURS])
    rows = [
        f"| {name} | {median(found) * 1000:,.1f} | {ratio(times, name):.2f} × |"
        for name, found in sorted(times.items(), key=lambda item: median(item[1]))
    ]
    head = ["| done with | processor ms | Holdout's time |", "|---|---|---|"]
    return "\n".join([f"{title}, median of {rounds} rounds:", "", *head, *rows, *_verdict(times, goal)])


def _verdict(times: dict[str, list[float]], goal: Goal | None) -> list[str]:
    if goal is None:
        return []
    found = ratio(times, goal.peer)
    met = "met" if found >= goal.least else "**not met**"
    return ["", f"Goal: {goal.least:g} × as fast as {goal.peer}. {met}: {found:.2f} ×."]


def named(package: str, what: str = "") -> str:
    """A package with its version, for a table."""
    return f"{package} {version(package)} {what}".strip()
