"""No endpoint and no team takes all of the courier's places, and what is asked for anew has a limit that holds."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import timedelta
from http.server import BaseHTTPRequestHandler
from time import monotonic
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.gateway.actions import endpoints
from services.gateway.actions.endpoints import ASKED_PER_MINUTE, MINUTE, MOST_ENDPOINTS, Draft
from services.gateway.courier.deliver import Deliverer
from services.gateway.courier.dial import guarded_pool
from services.gateway.courier.drain import Drain
from services.gateway.desk import Desk
from services.gateway.store import deliveries, outbox
from services.gateway.store.turns import MOST_PER_ENDPOINT, MOST_PER_TEAM
from services.gateway.tables import DeliveryRow, EndpointRow, OutboxRow
from shared.errors import TooMany
from tests.services.gateway.conftest import Team
from tests.services.gateway.courier.draining import Moment, at, rows, running, until
from tests.services.gateway.courier.receivers import receiver, status
from tests.services.gateway.telling import tell

LOOPBACK = ("127.0.0.0/8",)
PLACES = 100
PROMISE_SECONDS = 2.0


class Hanging:
    """Answers nothing until it is released; counts who waits."""

    def __init__(self) -> None:
        self.waiting = 0
        self.most = 0
        self._lock = threading.Lock()
        self._released = threading.Event()

    def __call__(self, handler: BaseHTTPRequestHandler) -> None:
        self._add(1)
        self._released.wait(30)
        self._add(-1)
        status(204)(handler)

    def release(self) -> None:
        self._released.set()

    def _add(self, number: int) -> None:
        with self._lock:
            self.waiting += number
            self.most = max(self.most, self.waiting)


@pytest.fixture
def hanging() -> Iterator[Hanging]:
    made = Hanging()
    yield made
    made.release()


def register(desk: Desk, team: Team, url: str) -> EndpointRow:
    return endpoints.register(desk, team.id, Draft(url))


def attempted(desk: Desk, endpoint: UUID) -> UUID:
    """A test event in the endpoint's log, as it is after an attempt that failed; returns the attempt's id."""
    attempt = DeliveryRow(
        id=uuid4(),
        endpoint_id=endpoint,
        event_id=uuid4(),
        type="endpoint.test",
        at=desk.clock(),
        duration_seconds=0.0,
        status=500,
        error="the endpoint answered 500",
        answer="",
    )
    with desk.database.begin() as session:
        deliveries.record(session, attempt)
    return attempt.id


def redeliver(team: Team, endpoint: UUID, attempt: UUID) -> int:
    return team.http.post(f"/v1/endpoints/{endpoint}/deliveries/{attempt}/redeliver").status_code


def claim(desk: Desk, room: int = PLACES) -> list[UUID | None]:
    """Take what is due for a minute; the endpoints of what was taken."""
    with desk.database.begin() as session:
        return [row.endpoint_id for row in outbox.claim(session, "deliver", desk.clock(), MINUTE, room)]


def arrives_in_time(desk: Desk, hanging: Hanging, full: int, other: Team, posts: list[Any], number: int = 1) -> None:
    """With `full` deliveries hanging, an event of another team arrives as fast as promised, from any of the couriers."""

    async def run() -> None:
        drains = [Drain(desk, Deliverer(desk, guarded_pool(LOOPBACK)), PLACES) for _ in range(number)]
        async with running(*drains):
            await until(lambda: hanging.waiting >= full)
            began = monotonic()
            await asyncio.to_thread(tell, desk, other.id)
            for drain in drains:
                drain.wake()
            await until(lambda: posts)
            assert monotonic() - began < PROMISE_SECONDS
            assert hanging.most <= full * number
            hanging.release()
            await until(lambda: not rows(desk))

    asyncio.run(run())


@pytest.mark.parametrize("number", [1, 3])
def test_an_endpoint_that_hangs_delays_no_other_team_whatever_it_is_owed_and_asks_for(
    desk: Desk, found: Callable[..., Team], hanging: Hanging, number: int
) -> None:
    storming, other = found(), found()
    with receiver(hanging) as slow, receiver(status(204)) as quick:
        hung, _ = register(desk, storming, slow.url), register(desk, other, quick.url)
        attempts = [attempted(desk, hung.id) for _ in range(10)]
        with ThreadPoolExecutor(8) as hands:
            asked = list(hands.map(lambda turn: redeliver(storming, hung.id, attempts[turn % 10]), range(200)))
        for _ in range(60):
            tell(desk, storming.id)
        arrives_in_time(desk, hanging, MOST_PER_ENDPOINT, other, quick.posts, number)
        assert len(slow.posts) == 70, "each once: what was asked for again was on its way"
        assert len(quick.posts) == 1
    assert sorted(set(asked)) == [202, 429]
    assert asked.count(202) == ASKED_PER_MINUTE


def test_a_team_whose_endpoints_all_hang_takes_a_tenth_of_the_places(
    desk: Desk, found: Callable[..., Team], hanging: Hanging
) -> None:
    storming, other = found(), found()
    with ExitStack() as stack:
        slow, quick = (stack.enter_context(receiver(answer)) for answer in (hanging, status(204)))
        for _ in range(MOST_ENDPOINTS):
            register(desk, storming, slow.url)
        register(desk, other, quick.url)
        for _ in range(12):
            tell(desk, storming.id)
        arrives_in_time(desk, hanging, MOST_PER_TEAM, other, quick.posts)
        assert len(slow.posts) == 12 * MOST_ENDPOINTS


def test_an_endpoint_has_its_share_under_lease_and_gets_the_rest_as_that_ends(desk: Desk, team: Team) -> None:
    moment = Moment()
    still = at(desk, moment)
    one = register(still, team, "http://127.0.0.1:9/")
    for _ in range(MOST_PER_ENDPOINT + 2):
        tell(still, team.id)
    assert claim(still) == [one.id] * MOST_PER_ENDPOINT
    assert claim(still) == []
    with desk.database.begin() as session:
        outbox.done(session, rows(desk)[0])
        outbox.postpone(session, rows(desk)[1], moment.now + timedelta(hours=1), "away")
    assert claim(still) == [one.id, one.id]
    moment.now += 2 * MINUTE
    assert claim(still) == [one.id] * MOST_PER_ENDPOINT, "what a courier died with counts no more, and is due"


def test_endpoints_that_hang_delay_no_other_of_their_own_team(desk: Desk, team: Team) -> None:
    for _ in range(3):
        endpoints.register(desk, team.id, Draft("http://127.0.0.1:9/", ("evaluation.failed",)))
    quick = endpoints.register(desk, team.id, Draft("http://127.0.0.1:9/", ("evaluation.scored",)))
    for _ in range(5):
        tell(desk, team.id, "evaluation.failed")
    assert len(claim(desk)) == MOST_PER_TEAM - 1, "one is kept"
    assert claim(desk) == []
    for _ in range(2):
        tell(desk, team.id, "evaluation.scored")
    assert claim(desk) == [quick.id]
    assert claim(desk) == []
    endpoints.disable(desk, team.id, quick.id)
    with desk.database.begin() as session:
        outbox.done(session, next(row for row in rows(desk) if row.endpoint_id == quick.id and row.leased_until))
    assert quick.id not in claim(desk), "what is disabled keeps no place"
    with desk.database.begin() as session:
        assert session.query(OutboxRow).where(OutboxRow.leased_until.is_not(None)).count() == MOST_PER_TEAM


def test_places_go_round_the_teams_before_any_has_its_second(desk: Desk, found: Callable[..., Team]) -> None:
    many, few = found(), found()
    for _ in range(MOST_ENDPOINTS):
        register(desk, many, "http://127.0.0.1:9/")
    for _ in range(3):
        tell(desk, many.id)
    quiet = register(desk, few, "http://127.0.0.1:9/")
    tell(desk, few.id)
    assert quiet.id in claim(desk, room=2)
    assert len(claim(desk)) == MOST_PER_TEAM - 1


def test_couriers_that_claim_at_the_same_moment_keep_to_the_shares_together(desk: Desk, team: Team) -> None:
    register(desk, team, "http://127.0.0.1:9/")
    for _ in range(20):
        tell(desk, team.id)
    with desk.database.begin() as session:
        first = outbox.claim(session, "deliver", desk.clock(), MINUTE, 3)
        second = claim(desk)
    assert (len(first), len(second)) == (3, MOST_PER_ENDPOINT - 3)
    assert claim(desk) == []


def test_what_is_on_its_way_is_not_sent_again_beside_it(desk: Desk, team: Team) -> None:
    hung = register(desk, team, "http://127.0.0.1:9/")
    attempt = attempted(desk, hung.id)
    assert [redeliver(team, hung.id, attempt) for _ in range(3)] == [202, 202, 202]
    assert claim(desk) == [hung.id]
    (before,) = rows(desk)
    assert redeliver(team, hung.id, attempt) == 202
    (after,) = rows(desk)
    assert after.next_attempt_at == before.next_attempt_at
    assert claim(desk) == []


def test_of_tests_and_redeliveries_asked_for_at_once_exactly_sixty_are_taken(desk: Desk, team: Team) -> None:
    endpoint = register(desk, team, "http://127.0.0.1:9/").id
    attempt = attempted(desk, endpoint)

    def ask(turn: int) -> int:
        if turn % 2:
            return redeliver(team, endpoint, attempt)
        return team.http.post(f"/v1/endpoints/{endpoint}/test").status_code

    with ThreadPoolExecutor(16) as hands:
        answers = list(hands.map(ask, range(90)))
    assert (answers.count(202), answers.count(429)) == (ASKED_PER_MINUTE, 90 - ASKED_PER_MINUTE)


def test_what_was_given_up_comes_sixty_a_minute(desk: Desk, team: Team) -> None:
    moment = Moment()
    still = at(desk, moment)
    endpoint = register(still, team, "http://127.0.0.1:9/").id
    with desk.database.begin() as session:
        for _ in range(ASKED_PER_MINUTE + 5):
            deliveries.owe(session, endpoint, uuid4(), moment.now)
        session.flush()
        deliveries.give_up_all(session, endpoint, moment.now, "away")
    assert endpoints.redeliver_failed(still, team.id, endpoint) == ASKED_PER_MINUTE
    moment.now += timedelta(seconds=20)
    with pytest.raises(TooMany) as refused:
        endpoints.redeliver_failed(still, team.id, endpoint)
    assert refused.value.waiting.retry_after_seconds == 40
    moment.now += timedelta(seconds=40)
    assert endpoints.redeliver_failed(still, team.id, endpoint) == 5
    assert endpoints.redeliver_failed(still, team.id, endpoint) == 0


def test_what_the_courier_tries_by_itself_is_not_counted_as_asked_for(desk: Desk, team: Team) -> None:
    endpoint = register(desk, team, "http://127.0.0.1:9/").id
    for _ in range(ASKED_PER_MINUTE):
        attempted(desk, endpoint)
    assert team.http.post(f"/v1/endpoints/{endpoint}/test").status_code == 202
