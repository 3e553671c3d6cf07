"""Ways of doing the same work, run in turn, round after round, in one process: a busy machine slows all of them alike.

The clock on the wall decides, because people wait by it; the processor time of all threads, beside it, says what that
took, whatever else the machine did.
"""

import gc
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from statistics import median

Way = Callable[[], object]

OURS = "Holdout"
"""The way that all others are compared with."""


@dataclass(frozen=True, slots=True)
class Took:
    """Seconds of one round: on the wall, and of processors; `system`: what of these the kernel took, for memory mostly."""

    wall: float
    processor: float
    system: float


Times = dict[str, list[Took]]
"""Each way's rounds."""


@dataclass(frozen=True, slots=True)
class Goal:
    """What is hoped for: Holdout's rate is at least `least` times that of `peer`."""

    peer: str
    least: float


def took(way: Way) -> Took:
    """How long `way` takes, now."""
    gc.collect()
    wall, processor, system = time.perf_counter(), time.process_time(), os.times().system
    way()
    return Took(time.perf_counter() - wall, time.process_time() - processor, os.times().system - system)


def timed(ways: dict[str, Way], rounds: int) -> Times:
    """Each way, round by round, after one to warm up."""
    times: Times = {name: [] for name in ways}
    for count in range(rounds + 1):
        for name, way in ways.items():
            found = took(way)
            if count:
                times[name].append(found)
    return times


def ratio(times: Times, peer: str) -> float:
    """How many times as long as Holdout `peer` takes on the wall: the median over the rounds."""
    return median(theirs.wall / ours.wall for theirs, ours in zip(times[peer], times[OURS], strict=True))


def wall_ms(found: list[Took]) -> float:
    """The median on the wall."""
    return 1000 * median(one.wall for one in found)


def processor_ms(found: list[Took]) -> float:
    """The median of processor time."""
    return 1000 * median(one.processor for one in found)


def table(title: str, times: Times, *goals: Goal) -> str:
    """Medians, the quickest first, and whether the goals are met."""
    rounds = len(times[OURS])
    rows = [
        f"| {name} | {wall_ms(found):,.1f} | {processor_ms(found):,.1f} | {ratio(times, name):.2f} × |"
        for name, found in sorted(times.items(), key=lambda item: wall_ms(item[1]))
    ]
    head = ["| done with | ms | of processors | Holdout's time |", "|---|---|---|---|"]
    return "\n".join([f"{title}, median of {rounds} rounds:", "", *head, *rows, *_verdicts(times, goals)])


def _verdicts(times: Times, goals: tuple[Goal, ...]) -> list[str]:
    lines = []
    for goal in goals:
        found = ratio(times, goal.peer)
        met = "met" if found >= goal.least else "**not met**"
        lines += ["", f"Goal: {goal.least:g} × as fast as {goal.peer}. {met}: {found:.2f} ×."]
    return lines


def named(package: str, what: str = "") -> str:
    """A package with its version, for a table."""
    return f"{package} {version(package)} {what}".strip()
