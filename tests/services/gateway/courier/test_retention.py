"""What is not kept for ever: the log after 90 days, events after a year, and an old secret after its day."""

from datetime import timedelta
from uuid import uuid4

import pytest

from services.gateway.actions import endpoints
from services.gateway.actions.endpoints import Draft
from services.gateway.actions.teams import found_team
from services.gateway.courier.retention import EVERY, Retention
from services.gateway.desk import Desk
from services.gateway.rotation import OVERLAP
from services.gateway.settings import CourierSettings
from services.gateway.store import deliveries, events, outbox
from services.gateway.tables import DeliveryRow, EndpointRow
from tests.services.gateway.courier.draining import Moment, at, rows
from tests.services.gateway.telling import submission_of

MINUTE = timedelta(minutes=1)
DELIVERIES_KEPT = timedelta(days=90)


@pytest.fixture
def moment() -> Moment:
    return Moment()


@pytest.fixture
def still(desk: Desk, moment: Moment) -> Desk:
    return at(desk, moment)


@pytest.fixture
def endpoint(still: Desk) -> EndpointRow:
    team = found_team(still, f"team {uuid4().hex[:12]}")
    return endpoints.register(still, team.id, Draft("http://127.0.0.1:9/"))


def attempts(desk: Desk, endpoint: EndpointRow) -> int:
    with desk.database.begin() as session:
        return len(deliveries.log(session, endpoint.id, None, 10))


def test_the_log_and_what_was_given_up_are_kept_for_90_days(
    still: Desk, moment: Moment, endpoint: EndpointRow, courier_settings: CourierSettings
) -> None:
    attempt = DeliveryRow(
        id=uuid4(),
        endpoint_id=endpoint.id,
        event_id=uuid4(),
        type="endpoint.test",
        at=moment.now,
        duration_seconds=0.1,
        answer="",
    )
    with still.database.begin() as session:
        deliveries.record(session, attempt)
        deliveries.owe(session, endpoint.id, attempt.event_id, moment.now)
        deliveries.give_up_all(session, endpoint.id, moment.now, "a test")
    retention = Retention(still, courier_settings)
    moment.now += DELIVERIES_KEPT - MINUTE
    retention.tend()
    assert (attempts(still, endpoint), len(rows(still))) == (1, 1)
    moment.now += 2 * MINUTE
    retention.tend()
    assert (attempts(still, endpoint), len(rows(still))) == (0, 0)


def test_what_is_still_retried_is_not_forgotten_however_old(
    still: Desk, moment: Moment, endpoint: EndpointRow, courier_settings: CourierSettings
) -> None:
    with still.database.begin() as session:
        deliveries.owe(session, endpoint.id, uuid4(), moment.now)
    moment.now += 2 * DELIVERIES_KEPT
    Retention(still, courier_settings).tend()
    assert [row.given_up_at for row in rows(still)] == [None]


def test_events_are_kept_for_a_year_and_a_day_and_the_last_of_a_submission_for_ever(
    still: Desk, moment: Moment, endpoint: EndpointRow, courier_settings: CourierSettings
) -> None:
    submission = submission_of(still, endpoint.team_id)
    with still.database.begin() as session:
        for _ in range(2):
            events.tell(session, submission, "evaluation.scored", {}, moment.now)
        events.tell_team(session, endpoint.team_id, "endpoint.disabled", {}, moment.now)
    kept = []
    for wait in (timedelta(days=365, hours=23), timedelta(hours=1), MINUTE):
        moment.now += wait
        Retention(still, courier_settings).tend()
        with still.database.begin() as session:
            kept.append([event.position for event in events.feed(session, endpoint.team_id, 0, 10)])
    assert kept == [[1, 2, 3], [1, 2, 3], [2]]


def test_a_mail_that_was_given_up_is_kept_for_90_days(
    still: Desk, moment: Moment, courier_settings: CourierSettings
) -> None:
    with still.database.begin() as session:
        outbox.owe(session, "mail", {}, moment.now)
    with still.database.begin() as session:
        outbox.give_up(session, rows(still)[0], moment.now, "no such person")
    kept = []
    for wait in (DELIVERIES_KEPT, MINUTE):
        moment.now += wait
        Retention(still, courier_settings).tend()
        kept.append(len(rows(still)))
    assert kept == [1, 0]


def test_a_secret_is_removed_when_its_day_is_over(
    still: Desk, moment: Moment, endpoint: EndpointRow, courier_settings: CourierSettings
) -> None:
    fresh = endpoints.rotate(still, endpoint.team_id, endpoint.id).secrets[0]
    retention = Retention(still, courier_settings)
    kept = []
    for wait in (OVERLAP - MINUTE, MINUTE):
        moment.now += wait
        retention.tend()
        kept.append(endpoints.find(still, endpoint.team_id, endpoint.id).secrets)
    assert kept == [[fresh, endpoint.secrets[0]], [fresh]]


def test_it_looks_once_a_minute(
    still: Desk, moment: Moment, endpoint: EndpointRow, courier_settings: CourierSettings
) -> None:
    retention = Retention(still, courier_settings)
    retention.tend()
    with still.database.begin() as session:
        old = moment.now - 2 * DELIVERIES_KEPT
        deliveries.owe(session, endpoint.id, uuid4(), old)
        deliveries.give_up_all(session, endpoint.id, old, "a test")
    retention.tend()
    assert len(rows(still)) == 1
    moment.now += EVERY
    retention.tend()
    assert rows(still) == []
