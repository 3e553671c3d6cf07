"""What a revision changed: differences without noise, the direction of each metric, and what intervals can tell."""

from typing import Any
from uuid import uuid4

from hypothesis import given
from hypothesis import strategies as st

from services.gateway.ranking import Candidate, Ranking, told_apart
from services.gateway.results.history import change, changes
from services.gateway.results.result import Result
from shared.report import Interval
from tests.services.gateway.results.examples import edition, result

shares = st.floats(0, 1)
intervals = st.tuples(shares, shares, shares).map(sorted)


def scored(error: float, margin: float = 0.01, **more: Any) -> Result:
    ends = {"99.9": Interval(low=error - margin, high=error + margin)}
    return result(metrics={"top_5_error": error}, intervals={"top_5_error": ends}, submission=uuid4(), **more)


@given(intervals, intervals)
def test_two_are_told_apart_when_a_board_gives_them_ranks_of_their_own(one: list[float], other: list[float]) -> None:
    candidates = [Candidate(uuid4(), uuid4(), value, low, high) for low, value, high in (one, other)]
    ranking = Ranking(candidates, "top_5_error")
    alone = all(placing.best == placing.worst for placing in map(ranking.placing, candidates))
    assert told_apart(*(Interval(low=low, high=high) for low, _, high in (one, other))) == alone


def test_each_is_compared_with_the_one_before_of_its_split() -> None:
    elsewhere = edition().model_copy(update={"name": "elsewhere"})
    first, other, second = scored(0.3), result(challenge=elsewhere, submission=uuid4()), scored(0.2)
    found = changes([first, other, second])
    assert set(found) == {second.submission}
    assert found[second.submission].since == first.submission
    (told,) = found[second.submission].metrics.values()
    assert (told.before, told.difference, told.better, told.apart) == (0.3, -0.1, True, True)


def test_intervals_that_overlap_leave_it_open() -> None:
    (told,) = change(scored(0.305), scored(0.3)).metrics.values()
    assert (told.difference, told.better, told.apart) == (0.005, False, False)


def test_what_rises_is_better_where_higher_is() -> None:
    now, before = (result(metrics={"mean_iou": value}, intervals={}) for value in (0.6, 0.5))
    (told,) = change(now, before).metrics.values()
    assert (told.better, told.apart) == (True, None)
    (same,) = change(before, before).metrics.values()
    assert (same.difference, same.better) == (0, None)


def test_what_was_measured_otherwise_is_not_called_apart() -> None:
    for now, because in ((scored(0.1, truth="9" * 64), "truth"), (scored(0.1, scorer="9.9"), "9.9 after 0.2.0")):
        told = change(now, scored(0.3))
        assert because in told.because
        assert told.metrics["top_5_error"].apart is None
        assert told.metrics["top_5_error"].difference == -0.2
