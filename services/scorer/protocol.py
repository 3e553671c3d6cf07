"""What a task is: a module of this shape. Tasks are found through `services.scorer.tasks` and never import each other.

The flow: parse (all doubt about the input ends here) → score (arithmetic per image) → report (metrics, intervals).
"""

from dataclasses import dataclass
from typing import Any, Protocol

from services.scorer.formats.blocks import Readable
from shared import challenge
from shared.report import Interval, Note


@dataclass(frozen=True, slots=True)
class Case:
    """What the files are judged by. None where nothing is known, offline: any number of images, any category."""

    guesses: int = 5
    images: int | None = None
    categories: int | None = None
    hierarchical: str | None = None
    synsets: tuple[challenge.Synset, ...] = ()


@dataclass(frozen=True, slots=True)
class Findings:
    """What a task found: full-precision metrics, their intervals by level, and notes on what was accepted."""

    metrics: dict[str, float]
    intervals: dict[str, dict[str, Interval]]
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True, slots=True)
class Example:
    """A small challenge whose split `test` can be run: running it loads all that a real one needs.

    `predictions` are scored, each of `broken` is rejected.
    """

    definition: challenge.Challenge
    predictions: bytes
    truth: bytes
    broken: tuple[bytes, ...]


class Task(Protocol):
    """The shape of a task's module. What `parse` and `score` hand on is the task's own."""

    NAME: str
    EXAMPLE: Example

    def parse(self, case: Case, predictions: Readable, truth: Readable) -> Any:
        """Read both files into aligned, typed, bounded arrays.

        Raises `Unreadable` for predictions that cannot be taken, whatever their bytes, and `Broken` for a truth.
        """

    def score(self, parsed: Any) -> Any:
        """What each image lost, by metric. Pure arithmetic: opens nothing, starts nothing."""

    def report(self, scored: Any) -> Findings:
        """Reduce to metrics, intervals and notes."""


def case_of(definition: challenge.Challenge, task: challenge.Task, images: int | None) -> Case:
    """The case that `definition` makes of one of its tasks."""
    return Case(task.guesses, images, task.categories, task.hierarchical, definition.synsets)
