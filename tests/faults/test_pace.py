"""Teams wait while scoring is behind, and no longer."""

import threading
from collections.abc import Iterator

import pytest

from tests.faults.pace import MOST_WAITING, Pace
from tests.waiting import eventually


class Line:
    """How many wait, as the test says."""

    def __init__(self) -> None:
        self.length: int | None = 0
        self.looks = 0

    def __call__(self) -> int | None:
        self.looks += 1
        return self.length


@pytest.fixture
def line() -> Line:
    return Line()


@pytest.fixture
def pace(line: Line) -> Iterator[Pace]:
    pace = Pace(line)
    yield pace
    pace.close()


def is_let_through(pace: Pace, seconds: float) -> bool:
    thread = threading.Thread(target=pace.wait, daemon=True)
    thread.start()
    thread.join(seconds)
    return not thread.is_alive()


def after_a_look(line: Line, length: int | None) -> None:
    line.length, looks = length, line.looks
    eventually(lambda: line.looks > looks + 1)


def test_there_is_room_until_many_wait_and_again_when_they_do_not(pace: Pace, line: Line) -> None:
    assert is_let_through(pace, 5)
    after_a_look(line, MOST_WAITING + 1)
    assert not is_let_through(pace, 0.2)
    after_a_look(line, MOST_WAITING)
    assert is_let_through(pace, 5)


def test_while_nobody_knows_it_stays_as_it_was(pace: Pace, line: Line) -> None:
    after_a_look(line, MOST_WAITING + 1)
    after_a_look(line, None)
    assert not is_let_through(pace, 0.2)


def test_at_the_end_nobody_is_held_up(pace: Pace, line: Line) -> None:
    after_a_look(line, MOST_WAITING + 1)
    pace.close()
    assert is_let_through(pace, 5)
