"""From scored entries to a leaderboard: rank, and the range of ranks that the intervals leave open. Pure.

Entries outside the contest have a place in the order, and neither take nor have a rank. Sorting is done once for a
board, and where an entry stands is looked up when it is shown: a page of a large board asks for few.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from shared.report import Interval


@dataclass(frozen=True, slots=True)
class Candidate:
    """An entry's headline: its value and the ends of its interval, by which entries are told apart."""

    id: UUID
    team: UUID
    value: float
    low: float
    high: float
    participating: bool = True


@dataclass(frozen=True, slots=True)
class Placing:
    """`rank` by what decides (ties share the better one), None outside the contest; `team_rank` is its team's.

    Where a value decides, the true rank lies in best … worst as far as the intervals can tell.
    """

    rank: int | None
    best: int | None = None
    worst: int | None = None
    team_rank: int | None = None


OUTSIDE = Placing(None)


def lower_is_better(metric: str) -> bool:
    """A metric named `…_error` sorts down, everything else up."""
    return metric.endswith("_error")


def told_apart(one: Interval, other: Interval) -> bool:
    """Whether two intervals leave no doubt which of their values is the lower: they have no point in common."""
    return one.high < other.low or other.high < one.low


class Ranking:
    """Candidates in rank order: by their values under `metric`, or by `counts`, the most first.

    Equal ones keep the order in which they came (give the earlier entry first); by counts, that of their values. Those
    of the contest are ranked among themselves; by counts, guests come last. O(n log n).
    """

    def __init__(self, candidates: Sequence[Candidate], metric: str, counts: Mapping[UUID, int] | None = None) -> None:
        self._falls = lower_is_better(metric)
        self._counts = counts
        self.order = sorted(candidates, key=self._by_value)
        if counts is not None:
            self.order.sort(key=lambda one: self._by_count(one) if one.participating else 1)
        self._key = self._by_value if counts is None else self._by_count
        contest = [one for one in self.order if one.participating]
        self._keys = [self._key(one) for one in contest]
        # The better and the worse end of each interval, on a scale where less is better.
        self._betters = sorted(self._better(one) for one in contest)
        self._worses = sorted(self._worse(one) for one in contest)
        self._best: dict[UUID, float] = {}
        for one, key in zip(contest, self._keys, strict=True):
            self._best.setdefault(one.team, key)
        self._best_keys = sorted(self._best.values())

    def placing(self, candidate: Candidate) -> Placing:
        """Where a candidate stands. O(log n).

        Entry a is surely better than b when its interval lies wholly on the better side of b's. `best` is 1 + the
        number of entries surely better, `worst` is the number of entries not surely worse. A team stands by its best
        entry, and ties share the better rank.
        """
        if not candidate.participating:
            return OUTSIDE
        rank = bisect_left(self._keys, self._key(candidate)) + 1
        team_rank = bisect_left(self._best_keys, self._best[candidate.team]) + 1
        if self._counts is not None:
            return Placing(rank, team_rank=team_rank)
        surely_better = bisect_left(self._worses, self._better(candidate))
        not_surely_worse = bisect_right(self._betters, self._worse(candidate))
        return Placing(rank, surely_better + 1, not_surely_worse, team_rank)

    def _by_value(self, candidate: Candidate) -> float:
        return candidate.value if self._falls else -candidate.value

    def _by_count(self, candidate: Candidate) -> float:
        return -self._counts[candidate.id] if self._counts else 0

    def _better(self, candidate: Candidate) -> float:
        return candidate.low if self._falls else -candidate.high

    def _worse(self, candidate: Candidate) -> float:
        return candidate.high if self._falls else -candidate.low
