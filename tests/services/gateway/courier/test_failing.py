"""An endpoint that fails for days, or is gone, is disabled, and its team is told in every way there is; nothing is lost."""

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update
from standardwebhooks.webhooks import Webhook

from services.gateway.actions import endpoints
from services.gateway.actions.endpoints import Draft
from services.gateway.actions.teams import join_team, open_account
from services.gateway.courier.deliver import Deliverer
from services.gateway.courier.dial import guarded_pool
from services.gateway.courier.drain import Drain
from services.gateway.desk import Desk
from services.gateway.patience import FEWEST_FAILURES, Patience
from services.gateway.tables import EndpointRow, OutboxRow
from tests.services.gateway.conftest import Team
from tests.services.gateway.courier.draining import Moment, at, rows, running, until
from tests.services.gateway.courier.receivers import receiver, status
from tests.services.gateway.telling import tell

DAYS = timedelta(days=1)
PATIENCE = Patience()


class Scene:
    """A team with a person, and the courier under a clock that can be set."""

    def __init__(self, desk: Desk, team: Team) -> None:
        self.moment = Moment()
        # The published library compares timestamps with the clock on the wall.
        self.moment.now = datetime.now(UTC)
        self.desk, self.team = at(desk, self.moment), team
        join_team(desk, team.name, open_account(desk, f"person {uuid4().hex[:12]}", "owner@example.org").name)

    def register(self, url: str, *types: Any) -> EndpointRow:
        return endpoints.register(self.desk, self.team.id, Draft(url, types or None, "the CI's receiver"))

    def try_once(self) -> None:
        """Try what is due, each once; mails stay owed."""
        with self.desk.database.begin() as session:
            session.execute(update(OutboxRow).where(OutboxRow.given_up_at.is_(None)).values(last_error=None))

        async def run() -> None:
            pool = guarded_pool(("127.0.0.0/8",))
            async with pool, running(Drain(self.desk, Deliverer(self.desk, pool), at_once=10)):
                await until(lambda: all(row.last_error is not None for row in self.owed()))

        asyncio.run(run())

    def go_on(self) -> None:
        """The next attempt that is due."""
        self.moment.now = max(self.moment.now, min(row.next_attempt_at for row in self.owed() if not row.given_up_at))
        self.try_once()

    def owed(self, kind: str = "deliver") -> list[OutboxRow]:
        return [row for row in rows(self.desk) if row.kind == kind]

    def mails(self) -> list[dict[str, Any]]:
        return [row.payload for row in self.owed("mail")]

    def shown(self, endpoint: UUID) -> dict[str, Any]:
        view: dict[str, Any] = self.team.http.get(f"/v1/endpoints/{endpoint}").json()
        return view

    def told(self) -> list[dict[str, Any]]:
        """What the feed says of endpoints."""
        items = self.team.http.get("/v1/events").json()["items"]
        return [item for item in items if item["type"] == "endpoint.disabled"]


@pytest.fixture
def scene(desk: Desk, team: Team) -> Scene:
    return Scene(desk, team)


def test_an_endpoint_that_fails_for_five_days_is_disabled_and_what_it_was_owed_arrives_once_it_is_mended(
    scene: Scene,
) -> None:
    with receiver(status(500)) as broken:
        made = scene.register(broken.url)
        tell(scene.desk, scene.team.id)
        began = scene.moment.now
        scene.try_once()
        while scene.shown(made.id)["disabled_at"] is None:
            assert scene.moment.now < began + 7 * DAYS
            scene.go_on()
        attempts = len(broken.posts)
    view = scene.shown(made.id)
    assert datetime.fromisoformat(view["failing_since"]) == began
    assert datetime.fromisoformat(view["disabled_at"]) == scene.moment.now >= began + 5 * DAYS
    assert view["disabled_because"] == "failing"
    assert [row.given_up_at for row in scene.owed()] == [scene.moment.now]
    (item,) = scene.told()
    assert item["data"]["last_error"] == "the endpoint answered 500"
    assert (item["data"]["endpoint"], item["data"]["failures"]) == (str(made.id), attempts)
    assert "sequence" not in item["data"]
    with receiver(status(204), port=broken.port) as mended:
        enabled = scene.team.http.post(f"/v1/endpoints/{made.id}/enable").json()
        assert (enabled["failing_since"], enabled["disabled_at"], enabled["disabled_because"]) == (None, None, None)
        assert endpoints.redeliver_failed(scene.desk, scene.team.id, made.id) == 1
        scene.try_once()
        assert mended.posts[0].headers["webhook-id"] == broken.posts[0].headers["webhook-id"]
    assert scene.owed() == []


def test_the_team_is_warned_by_mail_after_a_day_and_told_when_it_is_over(scene: Scene) -> None:
    with receiver(status(500)) as broken:
        made = scene.register(broken.url)
        tell(scene.desk, scene.team.id)
        scene.try_once()
        written = []
        while scene.shown(made.id)["disabled_at"] is None:
            scene.go_on()
            written.append(len(scene.mails()))
    warning, farewell = scene.mails()
    assert written.count(1) > 1, "one warning, however many attempts follow"
    assert written[-2:] == [1, 2]
    assert "fails" in warning["subject"]
    assert f"/v1/endpoints/{made.id}/redeliver-failed" in farewell["text"]
    for mail in (warning, farewell):
        assert broken.url in mail["text"]
        assert "the endpoint answered 500" in mail["text"]
        assert "Since 20" in mail["text"]


def test_the_team_s_other_endpoints_hear_of_it_where_they_take_such_events(scene: Scene) -> None:
    with receiver(status(410)) as gone, receiver(status(204)) as other, receiver(status(204)) as picky:
        made = scene.register(gone.url)
        tell(scene.desk, scene.team.id)
        scene.register(picky.url, "evaluation.scored")
        hearing = scene.register(other.url)
        scene.try_once()
    assert (len(gone.posts), len(picky.posts)) == (1, 0)
    (post,) = other.posts
    event = Webhook(hearing.secrets[0]).verify(post.body, post.headers)
    assert event["type"] == "endpoint.disabled"
    assert (event["data"]["endpoint"], event["data"]["disabled_because"]) == (str(made.id), "gone")
    assert scene.shown(made.id)["disabled_because"] == "gone"
    assert [item["data"] for item in scene.told()] == [json.loads(post.body)["data"]]
    assert len(scene.mails()) == 1
    assert "it answered 410" in scene.mails()[0]["text"]


def test_one_that_takes_anything_in_between_begins_anew(scene: Scene) -> None:
    with receiver(status(500)) as broken:
        made = scene.register(broken.url)
        tell(scene.desk, scene.team.id)
        for _ in range(FEWEST_FAILURES + 2):
            scene.try_once()
            scene.moment.now = scene.owed()[0].next_attempt_at
    assert scene.shown(made.id)["failing_since"] is not None
    with receiver(status(204), port=broken.port):
        scene.try_once()
    assert scene.shown(made.id)["failing_since"] is None
    scene.moment.now += 6 * DAYS
    tell(scene.desk, scene.team.id)
    scene.try_once()
    assert scene.shown(made.id)["disabled_at"] is None
    assert datetime.fromisoformat(scene.shown(made.id)["failing_since"]) == scene.moment.now


def test_a_changed_address_begins_anew(scene: Scene) -> None:
    made = scene.register("http://127.0.0.1:9/")
    tell(scene.desk, scene.team.id)
    scene.try_once()
    assert scene.shown(made.id)["failing_since"] is not None
    path = f"/v1/endpoints/{made.id}"
    assert scene.team.http.patch(path, json={"description": "new"}).json()["failing_since"] is not None
    assert scene.team.http.patch(path, json={"url": "http://127.0.0.1:7/"}).json()["failing_since"] is None


def test_disabling_by_hand_is_no_event_and_no_mail(scene: Scene) -> None:
    made = scene.register("http://127.0.0.1:9/")
    assert scene.team.http.post(f"/v1/endpoints/{made.id}/disable").json()["disabled_because"] == "asked"
    assert (scene.told(), scene.mails()) == ([], [])


def test_of_another_team_s_endpoint_nobody_hears(scene: Scene, found: Callable[..., Team]) -> None:
    other = found()
    with receiver(status(410)) as gone:
        scene.register(gone.url)
        tell(scene.desk, scene.team.id)
        scene.try_once()
    assert len(scene.told()) == 1
    assert other.http.get("/v1/events").json()["items"] == []


def test_sequences_of_submissions_go_on_as_if_nothing_had_been_told_of_endpoints(scene: Scene) -> None:
    with receiver(status(410)) as gone:
        scene.register(gone.url)
        tell(scene.desk, scene.team.id)
        scene.try_once()
    tell(scene.desk, scene.team.id)
    items = scene.team.http.get("/v1/events").json()["items"]
    assert [(item["position"], item["data"].get("sequence")) for item in items] == [(1, 1), (2, None), (3, 1)]


@given(st.floats(0, 30), st.integers(1, 100))
def test_nothing_is_concluded_from_few_failures_or_within_a_day(days: float, failures: int) -> None:
    verdict = PATIENCE.verdict(timedelta(days=days), failures)
    if failures < FEWEST_FAILURES or timedelta(days=days) < DAYS:
        assert verdict == "bear"
    else:
        assert verdict == ("disable" if timedelta(days=days) >= 5 * DAYS else "warn")
