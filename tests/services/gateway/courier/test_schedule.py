"""The waits between attempts: fourteen attempts and more over seven days, whatever the jitter, and the jitter is there."""

import asyncio
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from services.gateway.courier.deliver import Deliverer
from services.gateway.courier.drain import Drain, Later
from services.gateway.courier.retrying import LONGEST_WAIT_SECONDS, retry_after_seconds
from services.gateway.courier.schedule import JITTER, wait_seconds
from services.gateway.desk import Desk
from services.gateway.store import outbox
from tests.services.gateway.courier.draining import Moment, at, rows, running, until, waits

SCHEDULE = Deliverer.schedule
WEEK_SECONDS = timedelta(days=7).total_seconds()
ATTEMPTS = len(SCHEDULE) + 1
LUCK = st.floats(0, 1)


@given(st.lists(LUCK, min_size=len(SCHEDULE), max_size=len(SCHEDULE)))
def test_a_delivery_has_fourteen_attempts_and_more_over_seven_days_whatever_the_luck(luck: list[float]) -> None:
    assert ATTEMPTS >= 14
    moments = [0.0]
    for attempt, chance in enumerate(luck, 1):
        moments.append(moments[-1] + wait_seconds(SCHEDULE, attempt, 0, chance))
    assert WEEK_SECONDS <= moments[-1] <= WEEK_SECONDS * (1 + JITTER) + 7200
    assert sum(moment <= WEEK_SECONDS for moment in moments) >= 14
    gaps = [late - early for early, late in pairwise(moments)]
    assert all(later >= 0.9 * earlier for earlier, later in pairwise(gaps)), (
        "each wait is as long as the one before, but for luck"
    )


@given(st.integers(1, 100), st.floats(0, LONGEST_WAIT_SECONDS), LUCK)
def test_no_attempt_comes_before_its_time_or_that_which_was_asked_for(attempt: int, asked: float, luck: float) -> None:
    planned = max(SCHEDULE[min(attempt, len(SCHEDULE)) - 1], asked)
    assert planned <= wait_seconds(SCHEDULE, attempt, asked, luck) <= planned * (1 + JITTER)


@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode), st.datetimes(timezones=st.just(UTC)))
def test_nothing_that_an_endpoint_says_puts_an_event_off_for_more_than_a_day(said: bytes, now: datetime) -> None:
    assert 0 <= retry_after_seconds(said, now) <= LONGEST_WAIT_SECONDS


class Failing:
    """Fails as a delivery does."""

    kind: outbox.Kind = "settle"
    schedule, ends, lease = SCHEDULE, Deliverer.ends, Deliverer.lease

    async def act(self, _: object) -> None:
        raise Later("away")


def test_what_fails_together_does_not_come_back_together(desk: Desk) -> None:
    moment = Moment()
    with desk.database.begin() as session:
        for _ in range(20):
            outbox.owe(session, "settle", {}, moment.now)

    async def run() -> None:
        async with running(Drain(at(desk, moment), Failing(), at_once=20)):
            await until(lambda: all(row.last_error for row in rows(desk)))

    asyncio.run(run())
    assert all(waits(row, moment, SCHEDULE[0]) for row in rows(desk))
    assert len({row.next_attempt_at for row in rows(desk)}) > 15
