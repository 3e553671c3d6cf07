"""From a family's results in time order to what changed from each to the next. Pure.

Whether a change means anything is told as boards tell entries apart: by 99.9 % intervals over images that have no point in
common. That is cautious: two models are judged on the same images, so smaller differences may be real, too.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from services.gateway.ranking import lower_is_better, told_apart
from services.gateway.results.figures import difference
from services.gateway.results.result import Result
from services.gateway.store.boards import LEVEL


@dataclass(frozen=True, slots=True)
class Difference:
    """A metric now and before. `better` is None where it is the same, `apart` where the intervals cannot say."""

    before: float
    difference: float
    better: bool | None
    apart: bool | None


@dataclass(frozen=True, slots=True)
class Change:
    """From one result to the next of the same split; `because` says why they are not `comparable`, empty where they are."""

    since: UUID
    because: str
    metrics: Mapping[str, Difference]


def changes(results: Sequence[Result]) -> dict[UUID, Change]:
    """The change that each result brought, by submission, of results in time order; the first of a split brought none."""
    last: dict[tuple[str, str, str], Result] = {}
    found: dict[UUID, Change] = {}
    for result in results:
        place = (result.place.challenge.name, result.place.task_name, result.place.split_name)
        if place in last:
            found[result.submission] = change(result, last[place])
        last[place] = result
    return found


def change(now: Result, before: Result) -> Change:
    """What is different between two results of one split, metric by metric."""
    because = _because(now, before)
    metrics = {
        name: Difference(
            before=before.metrics[name],
            difference=difference(value, before.metrics[name]),
            better=None if value == before.metrics[name] else (value < before.metrics[name]) == lower_is_better(name),
            apart=None if because else _apart(now, before, name),
        )
        for name, value in now.metrics.items()
        if name in before.metrics
    }
    return Change(before.submission, because, metrics)


def _because(now: Result, before: Result) -> str:
    """Why the two were not measured alike."""
    if now.truth != before.truth:
        return "the ground truth is another"
    if now.scorer != before.scorer:
        return f"judged by another scorer: {now.scorer} after {before.scorer}"
    return ""


def _apart(now: Result, before: Result, metric: str) -> bool | None:
    one, other = now.interval(metric, LEVEL), before.interval(metric, LEVEL)
    return told_apart(one, other) if one and other else None
