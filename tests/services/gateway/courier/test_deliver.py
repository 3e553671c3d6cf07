"""What a team's endpoint may answer, and what becomes of the delivery then. Real receivers, the real drain."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler
from time import monotonic
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from services.gateway.actions.teams import found_team
from services.gateway.courier.deliver import ANSWER_BYTES, ATTEMPT_SECONDS, NOT_KNOWN, Deliverer
from services.gateway.courier.dial import guarded_pool
from services.gateway.courier.drain import Drain
from services.gateway.desk import Desk
from services.gateway.tables import DeliveryRow, EndpointRow, OutboxRow
from shared.messages import Event
from shared.signing import new_secret, verify
from tests.services.gateway.courier.draining import Moment, at, waits, work_off
from tests.services.gateway.courier.receivers import Answer, receiver, status
from tests.services.gateway.telling import tell

LOOPBACK = ("127.0.0.0/8",)
DAY = 24 * 3600
SECRETS = [new_secret(), new_secret()]


@pytest.fixture
def moment() -> Moment:
    return Moment()


@pytest.fixture
def still(desk: Desk, moment: Moment) -> Desk:
    """The desk, under a clock that stands still."""
    return at(desk, moment)


def _endpoint(name: UUID, team: UUID, url: str, now: datetime) -> EndpointRow:
    """An endpoint in the middle of a change of its secret."""
    ends = [now + timedelta(hours=24)]
    return EndpointRow(id=name, team_id=team, url=url, secrets=SECRETS, secret_ends=ends, created_at=now)


def owe_event(desk: Desk, url: str) -> UUID:
    """A team with an endpoint at `url`, and one event owed to it; returns the endpoint's id."""
    team, endpoint = found_team(desk, f"team {uuid4().hex[:12]}"), uuid4()
    with desk.database.begin() as session:
        session.add(_endpoint(endpoint, team.id, url, desk.clock()))
    tell(desk, team.id)
    return endpoint


def attempt(desk: Desk, networks: tuple[str, ...] = LOOPBACK, seconds: float = ATTEMPT_SECONDS) -> OutboxRow | None:
    """One attempt at what is owed; returns the row as it is left, None when it was struck out."""
    pool = guarded_pool(networks)
    return work_off(desk, Drain(desk, Deliverer(desk, pool, seconds), at_once=1), pool)


def is_disabled(desk: Desk, endpoint: UUID) -> bool:
    with desk.database.begin() as session:
        return session.get_one(EndpointRow, endpoint).disabled_at is not None


@pytest.mark.parametrize("code", [200, 202, 204])
def test_an_endpoint_that_answers_2xx_has_the_event(still: Desk, code: int) -> None:
    with receiver(status(code)) as ours:
        owe_event(still, ours.url)
        assert attempt(still) is None
        assert len(ours.posts) == 1


def test_a_delivery_is_signed_with_every_secret_at_the_time_of_the_attempt(still: Desk, moment: Moment) -> None:
    with receiver(status(204)) as ours:
        owe_event(still, ours.url)
        moment.now += timedelta(hours=3)
        attempt(still)
    (post,) = ours.posts
    for secret in SECRETS:
        assert verify([secret], post.headers, post.body, moment.now).startswith("msg_")
    assert post.headers["content-type"] == "application/json"
    assert Event.model_validate_json(post.body).timestamp == moment.now - timedelta(hours=3)


@pytest.mark.parametrize("code", [400, 404, 429, 500, 503])
def test_any_other_answer_is_tried_again_later(still: Desk, moment: Moment, code: int) -> None:
    with receiver(status(code)) as ours:
        endpoint = owe_event(still, ours.url)
        row = attempt(still)
    assert row is not None
    assert row.last_error == f"the endpoint answered {code}"
    assert waits(row, moment, Deliverer.schedule[0])
    assert not is_disabled(still, endpoint)


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_a_redirect_is_a_failure_and_is_not_followed(still: Desk, code: int) -> None:
    with receiver(status(204)) as elsewhere, receiver(status(code, Location=elsewhere.url)) as ours:
        owe_event(still, ours.url)
        row = attempt(still)
        assert elsewhere.posts == []
    assert row is not None
    assert row.last_error == f"the endpoint answered {code}"


def test_an_endpoint_that_is_gone_is_disabled_and_what_it_did_not_take_is_kept(still: Desk, moment: Moment) -> None:
    with receiver(status(410)) as ours:
        endpoint = owe_event(still, ours.url)
        row = attempt(still)
        assert is_disabled(still, endpoint)
        assert len(ours.posts) == 1
    assert row is not None
    assert (row.given_up_at, row.last_error) == (moment.now, "the endpoint answered 410")


@pytest.mark.parametrize(
    ("asked", "seconds"),
    [
        ("3600", 3600),
        ("1", Deliverer.schedule[0]),
        ("9" * 400, DAY),
        ("soon", Deliverer.schedule[0]),
        ("Thu, 01 Jan 2026 02:00:00 GMT", 7200),
        ("Thu, 01 Jan 2026 02:00:00 -0000", 7200),
        ("Thursday, 01-Jan-26 02:00:00 GMT", 7200),
        ("Wed, 31 Dec 2025 23:00:00 GMT", Deliverer.schedule[0]),
        ("Fri, 01 Jan 2027 00:00:00 GMT", DAY),
        ("Thu, 01 Jan 99999 00:00:00 GMT", Deliverer.schedule[0]),
    ],
)
def test_retry_after_is_honoured_up_to_a_day(still: Desk, moment: Moment, asked: str, seconds: float) -> None:
    with receiver(status(503, Retry_After=asked)) as ours:
        owe_event(still, ours.url)
        row = attempt(still)
    assert row is not None
    assert waits(row, moment, seconds)


def test_an_answer_that_never_ends_is_read_for_64_kib_and_no_more(still: Desk) -> None:
    written = 0

    def pour(handler: BaseHTTPRequestHandler) -> None:
        nonlocal written
        handler.send_response(200)
        handler.end_headers()
        while written < 1000 * ANSWER_BYTES:
            written += handler.wfile.write(bytes(ANSWER_BYTES))

    with receiver(pour) as ours:
        owe_event(still, ours.url)
        assert attempt(still) is None, "it did answer 200"
    assert written < 1000 * ANSWER_BYTES, "we hung up; what was written beyond 64 KiB lay in the sockets' buffers"


def drip(stop: threading.Event) -> Answer:
    """A byte now and then: each read succeeds, the answer never ends."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        while not stop.wait(0.02):
            handler.wfile.write(b".")

    return answer


def mute(stop: threading.Event) -> Answer:
    """Nothing at all."""

    def answer(_: BaseHTTPRequestHandler) -> None:
        stop.wait(30)

    return answer


@pytest.mark.parametrize("behave", [drip, mute])
def test_an_answer_that_takes_too_long_is_cut_and_tried_again(
    still: Desk, moment: Moment, behave: Callable[[threading.Event], Answer]
) -> None:
    stop = threading.Event()
    with receiver(behave(stop)) as ours:
        owe_event(still, ours.url)
        began = monotonic()
        row = attempt(still, seconds=0.3)
        took = monotonic() - began
        stop.set()
    assert row is not None
    assert row.last_error is not None
    assert row.last_error.startswith("TimeoutError")
    assert waits(row, moment, Deliverer.schedule[0])
    assert 0.3 <= took < 5


def test_what_is_not_http_is_tried_again(still: Desk) -> None:
    def babble(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"SSH-2.0-OpenSSH_9.9\r\n\r\n")

    with receiver(babble) as ours:
        owe_event(still, ours.url)
        row = attempt(still)
    assert row is not None
    assert row.last_error is not None
    assert row.last_error.startswith("RemoteProtocolError")


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "a" * 64 + ".example", "team.invalid"])
def test_an_endpoint_that_may_not_be_called_or_found_is_tried_again_and_hears_nothing(still: Desk, host: str) -> None:
    with receiver(status(200)) as ours:
        owe_event(still, f"http://{host}:{ours.port}/")
        row = attempt(still, networks=())
        assert ours.posts == []
    assert row is not None
    assert row.last_error is not None
    assert row.last_error.startswith(("Refused: endpoint-refused", "ConnectError"))


def test_nothing_is_sent_to_an_endpoint_that_was_disabled_meanwhile(still: Desk, moment: Moment) -> None:
    with receiver(status(200)) as ours:
        endpoint = owe_event(still, ours.url)
        with still.database.begin() as session:
            session.get_one(EndpointRow, endpoint).disabled_at = still.clock()
        row = attempt(still)
        assert ours.posts == []
    assert row is not None
    assert (row.given_up_at, row.last_error) == (moment.now, "the endpoint is disabled")


def test_an_attempt_is_in_the_log_before_it_is_sent_so_that_a_courier_that_dies_loses_none(still: Desk) -> None:
    seen: list[DeliveryRow] = []

    def look(handler: BaseHTTPRequestHandler) -> None:
        seen.extend(attempts(still, endpoint))
        status(204)(handler)

    with receiver(look) as ours:
        endpoint = owe_event(still, ours.url)
        assert attempt(still) is None
    (under_way,), (ended,) = seen, attempts(still, endpoint)
    assert (under_way.attempt, under_way.status, under_way.error) == (1, None, NOT_KNOWN)
    assert (ended.id, ended.attempt, ended.status, ended.error) == (under_way.id, 1, 204, None)


def attempts(desk: Desk, endpoint: UUID) -> list[DeliveryRow]:
    with desk.database.begin() as session:
        return list(session.scalars(select(DeliveryRow).where(DeliveryRow.endpoint_id == endpoint)))
