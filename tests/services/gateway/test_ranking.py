"""Ranks and the ranges that intervals leave open."""

from uuid import UUID, uuid4

from hypothesis import given
from hypothesis import strategies as st

from services.gateway.ranking import Candidate, Placing, lower_is_better, ranked


def candidate(value: float, margin: float) -> Candidate:
    return Candidate(uuid4(), value, value - margin, value + margin)


Place = tuple[int | None, int | None, int | None]


def naive(candidates: list[Candidate], metric: str) -> dict[UUID, Place]:
    """The definition, word by word: count who is better, surely better, surely worse."""
    falls = lower_is_better(metric)

    def better(a: float, b: float) -> bool:
        return a < b if falls else a > b

    found: dict[UUID, Place] = {}
    for one in candidates:
        rank = 1 + sum(better(other.value, one.value) for other in candidates)
        if falls:
            surely_better = sum(other.high < one.low for other in candidates)
            surely_worse = sum(other.low > one.high for other in candidates)
        else:
            surely_better = sum(other.low > one.high for other in candidates)
            surely_worse = sum(other.high < one.low for other in candidates)
        found[one.id] = (rank, 1 + surely_better, len(candidates) - surely_worse)
    return found


def places(placings: list[Placing]) -> dict[UUID, Place]:
    return {placing.id: (placing.rank, placing.best, placing.worst) for placing in placings}


def test_an_error_sorts_down_and_everything_else_up() -> None:
    assert lower_is_better("top_5_error")
    assert not lower_is_better("mean_average_precision")


def test_entries_whose_intervals_overlap_share_a_range() -> None:
    first, second, third = candidate(0.10, 0.01), candidate(0.115, 0.01), candidate(0.30, 0.01)
    assert [(p.rank, p.best, p.worst) for p in ranked([third, second, first], "top_5_error")] == [
        (1, 1, 2),
        (2, 1, 2),
        (3, 3, 3),
    ]


def test_equal_values_share_the_better_rank_and_keep_their_order() -> None:
    older, newer, worse = candidate(0.1, 0.0), candidate(0.1, 0.0), candidate(0.2, 0.0)
    placings = ranked([older, newer, worse], "top_5_error")
    assert [p.id for p in placings] == [older.id, newer.id, worse.id]
    assert [p.rank for p in placings] == [1, 1, 3]


values = st.lists(st.tuples(st.integers(0, 8), st.integers(0, 3)), max_size=12)


@given(values, st.sampled_from(["top_5_error", "mean_iou"]))
def test_ranks_and_ranges_are_those_of_the_definition(rows: list[tuple[int, int]], metric: str) -> None:
    candidates = [candidate(value / 8, margin / 8) for value, margin in rows]
    assert places(ranked(candidates, metric)) == naive(candidates, metric)
