"""Ranks and the ranges that intervals leave open, checked against the rule word by word (tests/reference/ranking.py)."""

from collections.abc import Sequence
from uuid import UUID, uuid4

from hypothesis import given
from hypothesis import strategies as st

from services.gateway.ranking import Candidate, Placing, Ranking, lower_is_better
from tests.reference.ranking import Contender, Place, by_count, by_value

OURS, THEIRS = uuid4(), uuid4()
METRICS = ("top_5_error", "mean_average_precision")


def candidate(value: float, margin: float, participating: bool = True, team: UUID | None = None) -> Candidate:
    return Candidate(uuid4(), team or uuid4(), value, value - margin, value + margin, participating)


def placings(ranking: Ranking) -> list[Placing]:
    return [ranking.placing(one) for one in ranking.order]


def places(ranking: Ranking) -> list[tuple[UUID, Place]]:
    rows = zip(ranking.order, placings(ranking), strict=True)
    return [(one.id, (place.rank, place.best, place.worst, place.team_rank)) for one, place in rows]


def contenders(candidates: Sequence[Candidate]) -> list[Contender]:
    return [Contender(one.id, one.team, one.value, one.low, one.high, one.participating) for one in candidates]


# Few values and margins, so that ties and touching intervals are common.
tenths = st.integers(0, 5).map(lambda number: number / 10)
teams = st.sampled_from([uuid4() for _ in range(4)])
boards = st.lists(st.builds(candidate, tenths, tenths, st.booleans(), teams), max_size=15)
metrics = st.sampled_from(METRICS)


@given(boards, metrics)
def test_a_board_by_value_is_what_the_rule_says_word_by_word(board: list[Candidate], metric: str) -> None:
    assert places(Ranking(board, metric)) == by_value(contenders(board), lower_is_better(metric))


@given(boards, metrics, st.data())
def test_a_board_by_counts_is_what_the_rule_says_word_by_word(
    board: list[Candidate], metric: str, data: st.DataObject
) -> None:
    counts = {one.id: data.draw(st.integers(0, 3)) for one in board if one.participating}
    expected = by_count(contenders(board), lower_is_better(metric), counts)
    assert places(Ranking(board, metric, counts)) == expected


@given(boards, metrics)
def test_a_guest_changes_nothing_for_the_others(board: list[Candidate], metric: str) -> None:
    contest = [one for one in board if one.participating]
    ranked = [(one, place) for one, place in places(Ranking(board, metric)) if place[0] is not None]
    assert ranked == places(Ranking(contest, metric))


@given(boards, metrics)
def test_a_rank_lies_in_its_own_range(board: list[Candidate], metric: str) -> None:
    for place in placings(Ranking(board, metric)):
        if place.rank is not None:
            assert (place.best or 0) <= place.rank <= (place.worst or 0)


def test_an_error_sorts_down_and_everything_else_up() -> None:
    assert lower_is_better("top_5_error")
    assert not lower_is_better("mean_average_precision")


def test_entries_whose_intervals_overlap_share_a_range() -> None:
    first, second, third = candidate(0.10, 0.01), candidate(0.115, 0.01), candidate(0.30, 0.01)
    ranking = Ranking([third, second, first], "top_5_error")
    assert [(p.rank, p.best, p.worst) for p in placings(ranking)] == [(1, 1, 2), (2, 1, 2), (3, 3, 3)]


def test_equal_values_share_the_better_rank_and_keep_their_order() -> None:
    older, newer, worse = candidate(0.1, 0.0), candidate(0.1, 0.0), candidate(0.2, 0.0)
    ranking = Ranking([older, newer, worse], "top_5_error")
    assert [one.id for one in ranking.order] == [older.id, newer.id, worse.id]
    assert [p.rank for p in placings(ranking)] == [1, 1, 3]


def test_the_most_categories_come_first_and_equal_counts_share_a_rank_in_the_order_of_the_headline() -> None:
    first, second, third = (candidate(value, 0.0) for value in (0.9, 0.8, 0.7))
    guest = candidate(0.85, 0.0, participating=False)
    counts = {first.id: 4, second.id: 9, third.id: 4}
    ranking = Ranking([third, guest, second, first], "mean_average_precision", counts)
    assert [(one.id, ranking.placing(one).rank) for one in ranking.order] == [
        (second.id, 1),
        (first.id, 2),
        (third.id, 2),
        (guest.id, None),
    ]


def test_a_team_stands_where_its_best_entry_stands() -> None:
    others = uuid4()
    rows = [(OURS, 0.1), (OURS, 0.2), (THEIRS, 0.3), (others, 0.3)]
    ranking = Ranking([candidate(value, 0.0, team=team) for team, value in rows], "top_5_error")
    assert [place.team_rank for place in placings(ranking)] == [1, 1, 2, 2]
