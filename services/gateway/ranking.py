"""From scored entries to a leaderboard: rank, and the range of ranks that the intervals leave open. Pure.

Entries outside the contest have a place in the order, and neither take nor have a rank.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Mapping, Sequence
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
    """`rank` by what decides (ties share the better one), None outside the contest.

    Where a value decides, the true rank lies in best … worst as far as the intervals can tell.
    """

    id: UUID
    rank: int | None
    best: int | None = None
    worst: int | None = None


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
        rank: int | None = placings[-1].rank if tied else position + 1
        surely_better = bisect_left(sorted_worses, betters[position])
        not_surely_worse = bisect_right(sorted_betters, worses[position])
        placings.append(Placing(candidate.id, rank, surely_better + 1, not_surely_worse))
    return placings


def with_guests(candidates: Sequence[Candidate], metric: str, contest: Collection[UUID]) -> list[Placing]:
    """All candidates by value; those of `contest` are ranked among themselves."""
    placings = {placing.id: placing for placing in ranked([one for one in candidates if one.id in contest], metric)}
    sign = 1 if lower_is_better(metric) else -1
    ordered = sorted(candidates, key=lambda candidate: sign * candidate.value)
    return [placings.get(candidate.id, Placing(candidate.id, None)) for candidate in ordered]


def ranked_by_count(placings: Sequence[Placing], counts: Mapping[UUID, int]) -> list[Placing]:
    """By `counts`, the most first; equal counts share a rank and keep their order, those without one come last."""
    ordered = sorted(placings, key=lambda placing: -counts.get(placing.id, -1))
    descending = sorted(-count for count in counts.values())
    ranks = {entry: bisect_left(descending, -count) + 1 for entry, count in counts.items()}
    return [Placing(placing.id, ranks.get(placing.id)) for placing in ordered]


def team_ranks(placings: Sequence[Placing], teams: Mapping[UUID, UUID]) -> dict[UUID, int]:
    """Where each team stands by its best entry; `placings` in rank order, `teams` by entry. Ties share the better rank."""
    best: dict[UUID, int] = {}
    for placing in placings:
        if placing.rank is not None:
            best.setdefault(teams[placing.id], placing.rank)
    ascending = sorted(best.values())
    return {team: bisect_left(ascending, rank) + 1 for team, rank in best.items()}
