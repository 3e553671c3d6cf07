"""The line, worked off on paper: against what a clock that ticks would see."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.gateway.forecast import Pace, Running, Waiting, by_place, expect, until_fewer

QUICK, SLOW = "a/b/validation", "a/b/test"
PACE = Pace({QUICK: [1.0, 2.0, 9.0], SLOW: [10.0]}, 2)


def waiting(*places: str) -> list[Waiting]:
    return [Waiting(UUID(int=number), UUID(int=0), place) for number, place in enumerate(places)]


def test_each_takes_the_median_of_its_place_on_whichever_slot_is_free_first() -> None:
    found = list(expect([Running(SLOW, 4.0)], waiting(QUICK, QUICK, SLOW, QUICK), PACE).values())
    assert [one.position for one in found] == [0, 1, 2, 3]
    assert [one.begun_seconds for one in found] == [0.0, 2.0, 4.0, 6.0]
    assert [one.done_seconds for one in found] == [2.0, 4.0, 14.0, 8.0]


@pytest.mark.parametrize(
    ("pace", "why"),
    [
        (Pace({QUICK: [1.0]}, None), "the courier has not been heard of"),
        (Pace({QUICK: [1.0]}, 0), "no scorer is alive"),
        (Pace({}, 2), "nothing was run lately"),
    ],
)
def test_what_is_not_known_is_said_to_be_not_known_and_why(pace: Pace, why: str) -> None:
    (found,) = expect([], waiting(QUICK), pace).values()
    assert (found.position, found.begun_seconds, found.done_seconds) == (0, None, None)
    assert found.basis == f"not known: {why}"


def test_a_place_without_runs_borrows_those_of_others_and_says_so() -> None:
    (found,) = expect([], waiting("a/b/new"), Pace({QUICK: [3.0]}, 1)).values()
    assert found.done_seconds == 3.0
    assert "of others" in found.basis


TICKS = st.integers(min_value=1, max_value=5)


@given(st.lists(TICKS, max_size=12), st.lists(st.tuples(TICKS, st.integers(0, 6)), max_size=3), st.integers(1, 3))
def test_it_agrees_with_a_clock_that_ticks(line: list[int], running: list[tuple[int, int]], slots: int) -> None:
    pace = Pace({str(length): [float(length)] for length in range(1, 6)}, slots)
    now = [Running(str(length), float(elapsed)) for length, elapsed in running[:slots]]
    found = expect(now, waiting(*map(str, line)), pace)
    assert [one.begun_seconds for one in found.values()] == ticked(line, running[:slots], slots)


def ticked(line: list[int], running: list[tuple[int, int]], slots: int) -> list[float]:
    """When each is begun, second by second."""
    left = [max(0, length - elapsed) for length, elapsed in running] + [0] * (slots - len(running))
    begun: list[float] = []
    second = 0
    while len(begun) < len(line):
        for slot in range(slots):
            if not left[slot] and len(begun) < len(line):
                left[slot] = line[len(begun)]
                begun.append(float(second))
        left = [max(0, ticks - 1) for ticks in left]
        second += 1
    return begun


def test_when_some_are_begun_is_told_for_a_limit_and_not_where_it_is_not_known() -> None:
    line = waiting(QUICK, QUICK, QUICK, QUICK)
    assert until_fewer(line, expect([], line, PACE), 3) == 2.0
    assert until_fewer([], {}, 3) is None
    assert until_fewer(line, expect([], line, Pace({}, 2)), 3) is None


def test_runs_are_sorted_out_by_place() -> None:
    assert by_place([("x", 1.0), ("y", 2.0), ("x", 3.0)]) == {"x": [1.0, 3.0], "y": [2.0]}
