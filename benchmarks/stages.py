"""How long the stages of an evaluation take: reading, scoring, and what a report adds, most of it intervals."""

from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from typing import Any

from benchmarks.turns import Took, took

STAGES = ("parsing", "scoring", "report with intervals")


@dataclass(frozen=True, slots=True)
class Stages:
    """The rounds of each stage, for a file of so many rows."""

    rows: int
    rounds: list[list[Took]]

    def seconds(self) -> list[float]:
        """Each stage's median on the wall."""
        return [median(one.wall for one in each) for each in zip(*self.rounds, strict=True)]

    def processor_seconds(self) -> float:
        """The median of all stages' processor time."""
        return median(sum(one.processor for one in each) for each in self.rounds)

    def nanoseconds_a_row(self) -> float:
        """From the file to its figures, without the report: processor time."""
        return 1e9 * median(sum(one.processor for one in each[:2]) for each in self.rounds) / self.rows


def measured(task: Any, case: Any, data: bytes, known: Any, rows: int, rounds: int) -> Stages:
    """The stages of scoring `data` by `task`, `rounds` times."""
    return Stages(rows, [_once(task, case, data, known) for _ in range(rounds)])


def _once(task: Any, case: Any, data: bytes, known: Any) -> list[Took]:
    found: list[Any] = []

    def stage(deed: Callable[[], Any]) -> Took:
        return took(lambda: found.append(deed()))

    return [
        stage(lambda: task.parse(case, data, known)),
        stage(lambda: task.score(found[0], known)),
        stage(lambda: task.report(found[1])),
    ]


def lines(named: dict[str, Stages]) -> list[str]:
    """A table: seconds on the wall for each stage, those of processors for all, nanoseconds a row without the report."""
    head = ["file", "rows", *(f"{name} s" for name in STAGES), "of processors s", "ns a row to the figures"]
    table = [f"| {' | '.join(head)} |", "|" + "---|" * len(head)]
    for name, stages in named.items():
        cells = [name, f"{stages.rows:,}", *(f"{seconds:.2f}" for seconds in stages.seconds())]
        cells += [f"{stages.processor_seconds():.2f}", f"{stages.nanoseconds_a_row():.0f}"]
        table.append(f"| {' | '.join(cells)} |")
    return table


def within(what: str, found: float, most: float) -> str:
    """Whether a goal is met: at most so much."""
    return f"Goal: {what} at most {most:g}. {'met' if found <= most else '**not met**'}: {found:.2f}."
