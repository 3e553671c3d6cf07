"""A board, the slow way: for each entry all others are looked at, word by word as the rule says."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

Place = tuple[int | None, int | None, int | None, int | None]
"""Rank, best and worst rank that the intervals leave open, and the team's rank."""


@dataclass(frozen=True, slots=True)
class Contender:
    """An entry: its team, value and interval, and whether it is in the contest."""

    id: UUID
    team: UUID
    value: float
    low: float
    high: float
    participating: bool


def by_value(entries: Sequence[Contender], falls: bool) -> list[tuple[UUID, Place]]:
    """All by value, equal ones as they came; those of the contest ranked among themselves."""
    contest = [entry for entry in entries if entry.participating]
    ranks = {one.id: 1 + sum(_is_better(other.value, one.value, falls) for other in contest) for one in contest}
    places: dict[UUID, Place] = {entry.id: (None, None, None, None) for entry in entries}
    for one in contest:
        better = sum(_is_better(*_nearest(other, one, falls), falls) for other in contest)
        worse = sum(_is_better(*_nearest(one, other, falls), falls) for other in contest)
        places[one.id] = (ranks[one.id], 1 + better, len(contest) - worse, _team_rank(one, contest, ranks))
    ordered = sorted(entries, key=lambda entry: entry.value if falls else -entry.value)
    return [(entry.id, places[entry.id]) for entry in ordered]


def by_count(entries: Sequence[Contender], falls: bool, counts: Mapping[UUID, int]) -> list[tuple[UUID, Place]]:
    """By categories won, the most first, equal ones by value; those outside the contest last."""
    contest = [entry for entry in entries if entry.participating]
    ranks = {one.id: 1 + sum(counts[other.id] > counts[one.id] for other in contest) for one in contest}
    order = [one for one, _ in by_value(entries, falls)]
    known = {entry.id: entry for entry in entries}
    ranked = [one for count in sorted(set(counts.values()), reverse=True) for one in order if counts.get(one) == count]
    places: list[tuple[UUID, Place]] = [
        (one, (ranks[one], None, None, _team_rank(known[one], contest, ranks))) for one in ranked
    ]
    return places + [(one, (None, None, None, None)) for one in order if one not in ranks]


def _is_better(a: float, b: float, falls: bool) -> bool:
    return a < b if falls else a > b


def _nearest(a: Contender, b: Contender, falls: bool) -> tuple[float, float]:
    """The worse end of a's interval and the better end of b's."""
    return (a.high, b.low) if falls else (a.low, b.high)


def _team_rank(one: Contender, contest: Sequence[Contender], ranks: Mapping[UUID, int]) -> int:
    best: dict[UUID, int] = {}
    for other in contest:
        best[other.team] = min(ranks[other.id], best.get(other.team, ranks[other.id]))
    return 1 + sum(rank < best[one.team] for rank in best.values())
