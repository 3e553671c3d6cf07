"""From scored entries to a leaderboard: rank, and the range of ranks that the intervals leave open. Pure."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Candidate:
    """An entry's headline: its value and the ends of its interval, by which entries are told apart."""

    id: UUID
    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Placing:
    """`rank` by value (ties share the better one); the true rank lies in best … worst as far as the intervals can tell."""

    id: UUID
    rank: int
    best: int
    worst: int


def lower_is_better(metric: str) -> bool:
    """A metric named `…_error` sorts down, everything else up."""
    return metric.endswith("_error")


def ranked(candidates: Sequence[Candidate], metric: str) -> list[Placing]:
    """Placings in rank order; equal values keep the order in which they came (give the earlier entry first).

    Entry a is surely better than b when its interval lies wholly on the better side of b's. `best` is 1 + the number of
    entries surely better, `worst` is the number of entries not surely worse. O(n log n).
    """
    falls = lower_is_better(metric)
    ordered = sorted(candidates, key=lambda candidate: candidate.value if falls else -candidate.value)
    # The better and the worse end of each interval, on a scale where less is better.
    betters = [candidate.low if falls else -candidate.high for candidate in ordered]
    worses = [candidate.high if falls else -candidate.low for candidate in ordered]
    sorted_betters, sorted_worses = sorted(betters), sorted(worses)
    placings: list[Placing] = []
    for position, candidate in enumerate(ordered):
        tied = position > 0 and ordered[position - 1].value == candidate.value
        rank = placings[-1].rank if tied else position + 1
        surely_better = bisect_left(sorted_worses, betters[position])
        not_surely_worse = bisect_right(sorted_betters, worses[position])
        placings.append(Placing(candidate.id, rank, surely_better + 1, not_surely_worse))
    return placings
