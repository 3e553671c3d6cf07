"""When a queued evaluation will be begun and done: the line, worked off on paper by the scorers that are alive. Pure.

Each takes as long as the median of the recent runs of its task and split. It is an estimate, and says how it is known.
"""

import heapq
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Waiting:
    """An evaluation that no scorer has begun. `place` is its challenge, task and split."""

    evaluation: UUID
    team: UUID | None
    place: str


@dataclass(frozen=True, slots=True)
class Running:
    """An evaluation that a scorer has begun, so many seconds ago."""

    place: str
    elapsed_seconds: float


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast the line moves: by place, the seconds of recent runs; and how many run at once, None where not known."""

    seconds: Mapping[str, Sequence[float]]
    slots: int | None

    def each(self, place: str) -> float | None:
        """What one run takes there; where nothing was run there lately, what any takes."""
        runs = self.seconds.get(place) or [run for runs in self.seconds.values() for run in runs]
        return median(runs) if runs else None

    def basis(self, place: str) -> str:
        """How it is known; or why it is not."""
        if self.slots is None:
            return "not known: the courier has not been heard of"
        if self.slots == 0:
            return "not known: no scorer is alive"
        scorers = f"{self.slots} {'run' if self.slots > 1 else 'runs'} at once"
        if runs := self.seconds.get(place):
            return f"median of the last {len(runs)} runs of this split, {median(runs):.2f} s; {scorers}"
        if self.seconds:
            return f"nothing was run on this split lately: median of the last runs of others; {scorers}"
        return "not known: nothing was run lately"


@dataclass(frozen=True, slots=True)
class Expected:
    """`position` evaluations are begun before this one; the seconds are None where they are not known."""

    position: int | None
    begun_seconds: float | None
    done_seconds: float | None
    basis: str


def expect(running: Iterable[Running], line: Sequence[Waiting], pace: Pace) -> dict[UUID, Expected]:
    """What to expect of each in `line`, which is in the order of turns."""
    each = {place: pace.each(place) for place in {one.place for one in line}}
    basis = {place: pace.basis(place) for place in each}
    if not pace.slots or None in each.values():
        return {one.evaluation: Expected(at, None, None, basis[one.place]) for at, one in enumerate(line)}
    free = _free(running, pace, pace.slots)
    expected = {}
    for at, one in enumerate(line):
        begun = heapq.heappop(free)
        done = begun + (each[one.place] or 0.0)
        heapq.heappush(free, done)
        expected[one.evaluation] = Expected(at, begun, done, basis[one.place])
    return expected


def until_fewer(line: Sequence[Waiting], expected: Mapping[UUID, Expected], number: int) -> float | None:
    """Seconds until `number` of these are begun, or all; None where that is not known."""
    begun = sorted(expected[one.evaluation].begun_seconds or 0.0 for one in line[:number])
    known = all(expected[one.evaluation].begun_seconds is not None for one in line[:number])
    return begun[-1] if begun and known else None


def by_place(runs: Iterable[tuple[str, float]]) -> dict[str, list[float]]:
    """Seconds of runs, sorted out by place."""
    sorted_out: defaultdict[str, list[float]] = defaultdict(list)
    for place, seconds in runs:
        sorted_out[place].append(seconds)
    return dict(sorted_out)


def _free(running: Iterable[Running], pace: Pace, slots: int) -> list[float]:
    """In how many seconds each slot is free, as a heap."""
    left = [max(0.0, (pace.each(run.place) or 0.0) - run.elapsed_seconds) for run in running]
    free = heapq.nlargest(slots, left) + [0.0] * max(0, slots - len(left))
    heapq.heapify(free)
    return free
