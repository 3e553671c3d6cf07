"""An endpoint from its registration to its removal: real receivers, the real courier, the published library to verify."""

import json
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from typing import Any
from uuid import UUID, uuid4

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from services.gateway.actions import endpoints
from services.gateway.actions.endpoints import Draft
from services.gateway.courier.deliver import KEPT_ANSWER_BYTES, Deliverer
from services.gateway.courier.dial import guarded_pool
from services.gateway.courier.drain import Drain
from services.gateway.desk import Desk
from services.gateway.patience import Patience
from services.gateway.rotation import OVERLAP
from services.gateway.tables import DeliveryRow, EndpointRow
from tests.services.gateway.conftest import Team
from tests.services.gateway.courier.draining import Moment, at, rows, work_off
from tests.services.gateway.courier.receivers import Post, Receiver, receiver, status
from tests.services.gateway.telling import tell

LOOPBACK = ("127.0.0.0/8",)
DAYS = timedelta(days=1)
ENDLESS = Patience(disable_after=1000 * DAYS)
"""So that each event has all its attempts; `test_failing` says what becomes of an endpoint meanwhile."""


class Courier:
    """The courier's drain of deliveries under a clock that can be set."""

    def __init__(self, desk: Desk, moment: Moment) -> None:
        self.moment = moment
        self.desk = at(desk, moment)

    def work(self) -> None:
        """Try once whatever is due."""
        pool = guarded_pool(LOOPBACK)
        work_off(self.desk, Drain(self.desk, Deliverer(self.desk, pool, patience=ENDLESS), at_once=10), pool)

    def work_until_given_up(self) -> None:
        """Try again and again, as soon as each next attempt is due."""
        while any(row.given_up_at is None for row in rows(self.desk)):
            self.moment.now += 3 * DAYS
            self.work_all_due()

    def work_all_due(self) -> None:
        """Try each row once more; what it failed of before is forgotten."""
        with self.desk.database.begin() as session:
            for row in rows(self.desk):
                session.merge(row).last_error = None
        self.work()


@pytest.fixture
def courier(desk: Desk) -> Courier:
    moment = Moment()
    # The published library compares timestamps with the clock on the wall.
    moment.now = datetime.now(UTC)
    return Courier(desk, moment)


def register(courier: Courier, team: Team, ours: Receiver, *types: Any) -> EndpointRow:
    return endpoints.register(courier.desk, team.id, Draft(ours.url, types or None))


def log_of(team: Team, endpoint: UUID) -> list[dict[str, Any]]:
    """The log as the team sees it, new to old."""
    items: list[dict[str, Any]] = team.http.get(f"/v1/endpoints/{endpoint}/deliveries").json()["items"]
    return items


def verified(secret: str, post: Post) -> bool:
    try:
        Webhook(secret).verify(post.body, post.headers)
    except WebhookVerificationError:
        return False
    return True


def test_a_test_event_is_signed_and_logged_and_in_no_feed(courier: Courier, team: Team) -> None:
    with receiver(status(204)) as ours:
        made = register(courier, team, ours, "evaluation.failed")
        event = team.http.post(f"/v1/endpoints/{made.id}/test").json()["event"]
        courier.moment.now = datetime.now(UTC)
        courier.work()
    (post,) = ours.posts
    assert verified(made.secrets[0], post)
    assert json.loads(post.body)["type"] == "endpoint.test"
    assert post.headers["webhook-id"] == event
    (attempt,) = log_of(team, made.id)
    assert (attempt["event"], attempt["type"], attempt["delivered"]) == (event, "endpoint.test", True)
    assert team.http.get("/v1/events").json()["items"] == []


@pytest.mark.parametrize(
    ("before", "both"), [(timedelta(0), True), (OVERLAP - timedelta(seconds=5), True), (OVERLAP, False)]
)
def test_for_a_day_both_secrets_verify_and_then_only_the_new_one(
    courier: Courier, team: Team, before: timedelta, both: bool
) -> None:
    now = courier.moment.now
    with receiver(status(204)) as ours:
        old = register(courier, team, ours)
        courier.moment.now = now - before
        new = endpoints.rotate(courier.desk, team.id, old.id)
        courier.moment.now = now
        tell(courier.desk, team.id)
        courier.work()
    (post,) = ours.posts
    assert verified(new.secrets[0], post)
    assert verified(old.secrets[0], post) is both
    assert len(post.headers["webhook-signature"].split()) == (2 if both else 1)


def test_an_endpoint_hears_only_of_the_types_that_it_takes(courier: Courier, team: Team) -> None:
    with receiver(status(204)) as picky, receiver(status(204)) as open_to_all:
        register(courier, team, picky, "evaluation.failed", "evaluation.rejected")
        register(courier, team, open_to_all)
        for kind in ("evaluation.scored", "evaluation.rejected", "evaluation.failed"):
            tell(courier.desk, team.id, kind)
        courier.work()
        heard = [{json.loads(post.body)["type"] for post in ours.posts} for ours in (picky, open_to_all)]
    assert heard[0] == {"evaluation.rejected", "evaluation.failed"}
    assert heard[1] == {"evaluation.scored", "evaluation.rejected", "evaluation.failed"}


def test_every_attempt_is_in_the_log_with_its_answer_and_when_the_next_is_due(courier: Courier, team: Team) -> None:
    def complain(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(503)
        handler.end_headers()
        handler.wfile.write(b"\0\xff away" + b"." * 5000)

    with receiver(complain) as ours:
        made = register(courier, team, ours)
        tell(courier.desk, team.id)
        courier.work()
    (due,) = rows(courier.desk)
    courier.moment.now = due.next_attempt_at
    courier.work_all_due()
    second, first = log_of(team, made.id)
    assert (first["attempt"], first["status"], first["error"]) == (1, 503, "the endpoint answered 503")
    assert first["answer"] == "\ufffd\ufffd away" + "." * (KEPT_ANSWER_BYTES - 7)
    assert first["next_attempt_at"] is None
    assert first["duration_seconds"] >= 0
    assert (second["attempt"], second["status"], second["event"]) == (2, None, first["event"])
    assert second["error"].startswith("ConnectError")
    assert datetime.fromisoformat(second["next_attempt_at"]) == rows(courier.desk)[0].next_attempt_at


def test_the_log_is_paged_from_new_to_old_without_gaps_or_doubles(courier: Courier, team: Team) -> None:
    with receiver(status(204)) as ours:
        made = register(courier, team, ours)
        for _ in range(7):
            tell(courier.desk, team.id)
        courier.work()
    everything = [attempt["id"] for attempt in log_of(team, made.id)]
    paged: list[str] = []
    query: dict[str, Any] = {"limit": 3}
    while query:
        page = team.http.get(f"/v1/endpoints/{made.id}/deliveries", params=query).json()
        paged += [attempt["id"] for attempt in page["items"]]
        query = {"limit": 3, "cursor": page["next"]} if page["next"] else {}
    assert len(everything) == 7
    assert paged == everything


def test_what_was_given_up_arrives_once_it_is_asked_for_again(courier: Courier, team: Team) -> None:
    with receiver(status(500)) as ours:
        made = register(courier, team, ours)
        tell(courier.desk, team.id)
        tell(courier.desk, team.id)
        courier.work()
        courier.work_until_given_up()
        events = {post.headers["webhook-id"] for post in ours.posts}
        assert len(ours.posts) == 2 * (len(Deliverer.schedule) + 1)
    assert log_of(team, made.id)[0]["given_up_at"] is not None
    with receiver(status(204), port=ours.port) as mended:
        assert team.http.post(f"/v1/endpoints/{made.id}/redeliver-failed").json() == {"events": 2, "event": None}
        courier.moment.now += DAYS
        courier.work_all_due()
        assert {post.headers["webhook-id"] for post in mended.posts} == events
    assert rows(courier.desk) == []
    last = log_of(team, made.id)[0]
    assert (last["delivered"], last["attempt"], last["given_up_at"]) == (True, len(Deliverer.schedule) + 2, None)


@pytest.mark.parametrize("code", [204, 500])
def test_one_delivery_is_made_anew_under_the_same_name_whether_it_had_arrived_or_not(
    courier: Courier, team: Team, code: int
) -> None:
    with receiver(status(code)) as ours:
        made = register(courier, team, ours)
        tell(courier.desk, team.id)
        courier.work()
    with receiver(status(204), port=ours.port) as again:
        (attempt,) = log_of(team, made.id)
        answer = team.http.post(f"/v1/endpoints/{made.id}/deliveries/{attempt['id']}/redeliver")
        assert (answer.status_code, answer.json()["event"]) == (202, attempt["event"])
        courier.moment.now = datetime.now(UTC)
        courier.work_all_due()
    (first,), (second,) = ours.posts, again.posts
    assert (second.headers["webhook-id"], second.body) == (first.headers["webhook-id"], first.body)
    assert rows(courier.desk) == []


def test_a_test_event_can_be_sent_anew_too(courier: Courier, team: Team) -> None:
    with receiver(status(204)) as ours:
        made = register(courier, team, ours)
        endpoints.send_test(courier.desk, team.id, made.id)
        courier.work()
        (attempt,) = log_of(team, made.id)
        endpoints.redeliver(courier.desk, team.id, made.id, UUID(attempt["id"]))
        courier.work()
    first, second = ours.posts
    assert first.headers["webhook-id"] == second.headers["webhook-id"]


def test_a_removed_endpoint_gets_nothing_more_and_leaves_no_log(courier: Courier, team: Team) -> None:
    with receiver(status(500)) as ours:
        made = register(courier, team, ours)
        tell(courier.desk, team.id)
        courier.work()
        assert len(ours.posts) == 1
        assert team.http.delete(f"/v1/endpoints/{made.id}").status_code == 204
        tell(courier.desk, team.id)
        courier.moment.now += DAYS
        courier.work()
        assert len(ours.posts) == 1
    assert rows(courier.desk) == []
    assert team.http.get(f"/v1/endpoints/{made.id}/deliveries").status_code == 404
    with courier.desk.database.begin() as session:
        assert session.query(DeliveryRow).where(DeliveryRow.endpoint_id == made.id).count() == 0


def test_an_endpoint_that_is_removed_in_the_middle_of_an_attempt_breaks_nothing(courier: Courier, team: Team) -> None:
    def answer_after_removal(handler: BaseHTTPRequestHandler) -> None:
        endpoints.remove(courier.desk, team.id, made.id)
        status(500)(handler)

    with receiver(answer_after_removal) as ours:
        made = register(courier, team, ours)
        tell(courier.desk, team.id)
        courier.work()
    assert len(ours.posts) == 1
    assert rows(courier.desk) == []


def test_disabling_stops_what_is_owed_and_enabling_does_not_pour_it_out(courier: Courier, team: Team) -> None:
    with receiver(status(204)) as ours:
        made = register(courier, team, ours)
        tell(courier.desk, team.id)
        endpoints.disable(courier.desk, team.id, made.id)
        endpoints.enable(courier.desk, team.id, made.id)
        courier.work()
        assert ours.posts == []
        endpoints.redeliver_failed(courier.desk, team.id, made.id)
        courier.work_all_due()
        assert len(ours.posts) == 1


def test_what_is_owed_follows_a_changed_address(courier: Courier, team: Team) -> None:
    with receiver(status(204)) as old, receiver(status(204)) as new:
        made = register(courier, team, old)
        tell(courier.desk, team.id)
        endpoints.change(courier.desk, team.id, made.id, {"url": new.url})
        courier.work()
    assert (len(old.posts), len(new.posts)) == (0, 1)


def test_a_name_that_was_public_when_it_was_registered_is_judged_again_at_each_delivery(
    courier: Courier, team: Team
) -> None:
    """The row is written by hand: what it names is at a private address now."""
    with receiver(status(204)) as inside:
        name, url = uuid4(), f"https://localhost:{inside.port}/"
        row = EndpointRow(
            id=name, team_id=team.id, url=url, secrets=["whsec_" + "A" * 44], created_at=courier.moment.now
        )
        with courier.desk.database.begin() as session:
            session.add(row)
        tell(courier.desk, team.id)
        pool = guarded_pool(())
        work_off(courier.desk, Drain(courier.desk, Deliverer(courier.desk, pool), at_once=1), pool)
        assert inside.posts == []
    (attempt,) = log_of(team, name)
    assert "not on the public Internet" in attempt["error"]
    assert "127.0.0.1" not in attempt["error"], "what our names lead to is nobody's business"
