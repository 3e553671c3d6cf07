"""A score with all that makes it one: whose, where, by which truth and scorer. What every export is written from. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from services.gateway.families import Named
from services.gateway.results.figures import DECIMALS, Figure, figure
from shared.challenge import Challenge, Task
from shared.errors import Missing
from shared.report import Interval

SHORT_LETTERS = 24
"""Up to here an edition's title fits a badge."""

LEVEL: Literal["95"] = "95"
"""The intervals that papers print, and exports unless asked: 95 %. Boards tell entries apart by 99.9 %."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a score is from: the definition that it was judged by, and its task and split there."""

    challenge: Challenge
    task_name: str
    split_name: str

    @property
    def task(self) -> Task:
        """The task's rules."""
        return self.challenge.tasks[self.task_name]

    @property
    def split_title(self) -> str:
        """What people call the split."""
        return self.task.splits[self.split_name].title

    @property
    def known_as(self) -> str:
        """What the edition is called where there is little room: every one of ImageNet's own is ImageNet."""
        challenge = self.challenge
        if challenge.title.startswith("ImageNet "):
            return "ImageNet"
        return challenge.title if len(challenge.title) <= SHORT_LETTERS else challenge.name


@dataclass(frozen=True, slots=True)
class Result:
    """One scored submission. `intervals`: metric → level → ends; `url` is its page on the board, empty while it has none."""

    submission: UUID
    team: str
    method: str
    named: Named
    description: str
    track: str
    labels: str
    place: Place
    metrics: Mapping[str, float]
    intervals: Mapping[str, Mapping[str, Interval]]
    scorer: str
    truth: str
    definition: str
    digest: str
    report: str
    created_at: datetime
    finished_at: datetime
    published_at: datetime | None
    url: str

    @property
    def headline(self) -> str:
        """The metric that is shown first."""
        return self.place.task.headline

    def chosen(self, names: list[str] | None) -> list[str]:
        """The metrics of these names, or the headline; raises `Missing` for one that it does not have."""
        for name in names or [self.headline]:
            if name not in self.metrics:
                known = ", ".join(self.metrics)
                raise Missing("no-such-metric", f"this result has no metric {name!r}", f"it has: {known}")
        return names or [self.headline]

    def is_share(self, metric: str) -> bool:
        """Whether it is written in per cent."""
        return is_share(self.place.task, metric, self.metrics[metric])

    def interval(self, metric: str, level: str) -> Interval | None:
        """The metric's interval at a level, where it has one."""
        return self.intervals.get(metric, {}).get(level)

    def figure(self, metric: str, level: str = LEVEL, decimals: int = DECIMALS) -> Figure:
        """The metric in digits, with its interval at a level."""
        return figure(self.metrics[metric], self.interval(metric, level), self.is_share(metric), decimals)


def is_share(task: Task, metric: str, value: float) -> bool:
    """Whether a metric is a share of something, from 0 to 1; raw heights in the hierarchy are none."""
    is_height = task.hierarchical == "raw" and metric.endswith("hierarchical_error")
    return not is_height and 0 <= value <= 1


def spoken(metric: str) -> str:
    """A metric's name as people say it: `top_5_error` is top-5 error."""
    words = metric.split("_")
    if len(words) > 2 and words[0] == "top" and words[1].isdigit():
        words[:2] = [f"top-{words[1]}"]
    return " ".join(words)
