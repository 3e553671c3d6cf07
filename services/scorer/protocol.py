"""What a task is: a module of this shape. Tasks are found through `services.scorer.tasks` and never import each other.

The flow: read_truth, parse (all doubt about the input ends there) → score (arithmetic per image) → report (metrics).
A dry run stops after parse, and describes what it read.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from services.scorer.formats.blocks import Readable
from shared import challenge
from shared.report import CategoryLine, Curve, Interval, Note


@dataclass(frozen=True, slots=True)
class Case:
    """What the files are judged by. None where nothing is known, offline: any number of images, any category."""

    guesses: int = 5
    images: int | None = None
    categories: int | None = None
    hierarchical: str | None = None
    synsets: tuple[challenge.Synset, ...] = ()
    labels: challenge.Numbering = "ilsvrc"
    image_names: str = ""
    held_out: bool = True
    options: Mapping[str, bool | int | float | str] = field(default_factory=dict)
    other_splits: tuple[tuple[str, int], ...] = ()
    """The task's other splits, by name and number of images: a file may have been meant for one of them."""


@dataclass(frozen=True, slots=True)
class Findings:
    """What a task found: full-precision metrics, their intervals by level, notes on what was accepted; and category by
    category, where the task has such figures.
    """

    metrics: dict[str, float]
    intervals: dict[str, dict[str, Interval]]
    notes: tuple[Note, ...] = ()
    categories: tuple[CategoryLine, ...] = ()
    curves: tuple[Curve, ...] = ()


@dataclass(frozen=True, slots=True)
class Content:
    """What a file holds: how many of what (`images`, `guesses`, …), and notes on what was accepted."""

    counts: dict[str, int]
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True, slots=True)
class Example:
    """A small challenge whose split `test` can be run: running it loads all that a real one needs.

    `predictions` are scored, each of `broken` is rejected. `others` are files, good and broken, in other formats and
    numberings: whatever a task reads must be among them.
    """

    definition: challenge.Challenge
    predictions: bytes
    truth: bytes
    broken: tuple[bytes, ...]
    others: tuple[tuple[challenge.Numbering, bytes], ...] = ()


class Task(Protocol):
    """The shape of a task's module. What `parse` and `score` hand on is the task's own."""

    NAME: str
    EXAMPLE: Example

    def read_truth(self, case: Case, truth: Readable) -> Any:
        """Read the ground truth; it decides the number of images where the case does not. Raises `Unreadable`."""

    def parse(self, case: Case, predictions: Readable, truth: Any | None) -> Any:
        """Read predictions into typed, bounded arrays, aligned with the truth; without one, as far as the case tells.

        Raises `Unreadable` for predictions that cannot be taken, whatever their bytes.
        """

    def describe(self, parsed: Any) -> Content:
        """What the file holds, for a dry run: never a score, nor anything that the truth decides."""

    def score(self, parsed: Any, truth: Any) -> Any:
        """What each image lost, by metric. Pure arithmetic: opens nothing, starts nothing."""

    def report(self, scored: Any) -> Findings:
        """Reduce to metrics, intervals and notes."""


def case_of(
    definition: challenge.Challenge,
    task: challenge.Task,
    split: challenge.Split | None,
    labels: challenge.Numbering = "ilsvrc",
) -> Case:
    """The case that `definition` makes of one of its tasks and splits; without a split, any number of images."""
    return Case(
        guesses=task.guesses,
        images=split.images if split else None,
        categories=task.categories,
        hierarchical=task.hierarchical,
        synsets=definition.synsets_of(task),
        labels=labels,
        image_names=split.image_names if split else "",
        held_out=split.held_out if split else True,
        options=task.options,
        other_splits=tuple((name, other.images) for name, other in task.splits.items() if other != split),
    )
