"""A place that must come back comes back, also one that the ledger hears of only after it was given back."""

from datetime import timedelta
from uuid import uuid4

from services.gateway.actions.settle import LATE, return_place
from services.gateway.courier.drain import Drain
from services.gateway.courier.settle import UNKNOWN, UNKNOWN_PAUSE_SECONDS, Settler
from services.gateway.desk import Desk
from shared.challenge import Limits
from tests.services.gateway.conftest import Team
from tests.services.gateway.courier.draining import Moment, at, rows, waits, work_off

LIMITS = Limits(pool="tiny-test", places=2, window_seconds=7 * 24 * 3600)
"""Those of the test split."""


def work_off_at(desk: Desk, moment: Moment) -> None:
    late = at(desk, moment)
    work_off(late, Drain(late, Settler(late), at_once=1))


def test_a_place_that_is_held_after_it_was_given_back_comes_back(desk: Desk, team: Team) -> None:
    submission, moment = uuid4(), Moment()
    moment.now = desk.clock()
    with desk.database.begin() as session:
        return_place(at(desk, moment), session, submission, "ours")
    work_off_at(desk, moment)
    (row,) = rows(desk)
    assert row.last_error == UNKNOWN
    assert waits(row, moment, UNKNOWN_PAUSE_SECONDS)
    # What the gateway asked for before it gave up comes now.
    desk.allowance.reserve(submission, team.id, LIMITS, 3600)
    assert team.remaining() == 1
    moment.now += timedelta(seconds=2 * UNKNOWN_PAUSE_SECONDS)
    with desk.database.begin() as session:
        session.merge(row).last_error = None
    work_off_at(desk, moment)
    assert rows(desk) == []
    assert team.remaining() == 2


def test_a_place_that_was_never_held_is_forgotten_after_a_while(desk: Desk) -> None:
    moment = Moment()
    with desk.database.begin() as session:
        return_place(at(desk, moment), session, uuid4(), "ours")
    moment.now += LATE
    work_off_at(desk, moment)
    assert rows(desk) == []
