"""How long the stages of an evaluation take: reading, scoring, and what a report adds, most of it intervals."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from statistics import median
from typing import Any

from benchmarks.turns import Took, took

STAGES = ("parsing", "scoring", "report with intervals")


@dataclass(frozen=True, slots=True)
class Stages:
    """The rounds of each stage, for a file of so many rows; reports may have fewer, for they take longest."""

    rows: int
    parsing: list[Took]
    scoring: list[Took]
    reports: list[Took]

    def seconds(self) -> list[float]:
        """Each stage's median on the wall."""
        return [median(one.wall for one in each) for each in (self.parsing, self.scoring, self.reports)]

    def processor_seconds(self) -> float:
        """The stages' medians of processor time together."""
        return self._to_figures(_of_processors) + median(one.processor for one in self.reports)

    def nanoseconds_a_row(self) -> float:
        """From the file to its figures, without the report: processor time."""
        return 1e9 * self._to_figures(_of_processors) / self.rows

    def own_nanoseconds_a_row(self) -> float:
        """Of these, what the kernel did not take to give memory."""
        return 1e9 * self._to_figures(lambda one: one.processor - one.system) / self.rows

    def _to_figures(self, seconds: Callable[[Took], float]) -> float:
        return median(sum(map(seconds, both)) for both in zip(self.parsing, self.scoring, strict=True))


def _of_processors(one: Took) -> float:
    return one.processor


def measured(
    task: Any, case: Any, data: bytes, known: Any, rows: int, rounds: int, reports: int | None = None
) -> Stages:
    """The stages of scoring `data` by `task`, `rounds` times; the report in the first `reports` of them, or in all."""
    stages = Stages(rows, [], [], [])
    for number in range(rounds):
        parsed, took_parsing = _timed(lambda: task.parse(case, data, known))
        scored, took_scoring = _timed(partial(task.score, parsed, known))
        stages.parsing.append(took_parsing)
        stages.scoring.append(took_scoring)
        if reports is None or number < reports:
            stages.reports.append(_timed(partial(task.report, scored))[1])
    return stages


def _timed(deed: Callable[[], Any]) -> tuple[Any, Took]:
    found: list[Any] = []
    how_long = took(lambda: found.append(deed()))
    return found[0], how_long


def lines(named: dict[str, Stages]) -> list[str]:
    """A table: seconds on the wall for each stage, those of processors for all, nanoseconds a row without the report, and
    without the kernel.
    """
    head = [
        "file",
        "rows",
        *(f"{name} s" for name in STAGES),
        "of processors s",
        "ns a row to the figures",
        "not the kernel's",
    ]
    table = [f"| {' | '.join(head)} |", "|" + "---|" * len(head)]
    for name, stages in named.items():
        cells = [name, f"{stages.rows:,}", *(f"{seconds:.2f}" for seconds in stages.seconds())]
        cells += [f"{stages.processor_seconds():.2f}", f"{stages.nanoseconds_a_row():.0f}"]
        cells.append(f"{stages.own_nanoseconds_a_row():.0f}")
        table.append(f"| {' | '.join(cells)} |")
    return table


def within(what: str, found: float, most: float) -> str:
    """Whether a goal is met: at most so much."""
    return f"Goal: {what} at most {most:g}. {'met' if found <= most else '**not met**'}: {found:.2f}."
