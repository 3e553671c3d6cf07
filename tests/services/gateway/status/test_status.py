"""`/status` for people and programs, its figures, what it says when something is away, and who may read `/metrics`."""

import dataclasses
import json
from collections.abc import Iterator
from contextlib import closing
from uuid import UUID

import httpx
import pytest

from services.gateway.allowance import Allowance
from services.gateway.api.status_views import status_view
from services.gateway.desk import Desk
from services.gateway.status.look import KEPT_SECONDS, Lookout, look
from services.gateway.store import fleet
from shared.database import Database
from shared.messages import Alive
from shared.storage import Storage, StorageAddress
from shared.version import VERSION
from tests.services.gateway import reports
from tests.services.gateway.answers import problem
from tests.services.gateway.api.test_throttle import Watch
from tests.services.gateway.conftest import Scorer, Team

SCORER = Alive(name="scorer-1", lane="evaluations", slots=2, running=0, version=VERSION)
NOWHERE = "http://127.0.0.1:1"


def count_scorers(desk: Desk, *workers: Alive) -> None:
    """As a courier does."""
    with desk.database.begin() as session:
        fleet.note(session, desk.clock(), workers)


def conditions(desk: Desk) -> dict[str, str]:
    return {part.name: part.condition for part in look(desk, desk.clock()).parts}


def test_people_get_a_page_and_programs_the_same_as_json(desk: Desk, gateway_url: str) -> None:
    for path, accept, kind in (
        ("/status", "text/html,application/xhtml+xml,*/*;q=0.8", "text/html"),
        ("/status", "*/*", "text/html"),
        ("/status", "application/json", "application/json"),
        ("/status.json", "*/*", "application/json"),
        ("/v1/status", "text/html", "application/json"),
    ):
        answer = httpx.get(gateway_url + path, headers={"Accept": accept})
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith(kind), (path, accept)
        assert answer.headers["cache-control"] == "public, max-age=5"
    assert '<a href="/status">' in httpx.get(f"{gateway_url}/").text


def test_a_scored_upload_is_in_the_times_and_no_team_is_named(desk: Desk, team: Team, scorer: Scorer) -> None:
    count_scorers(desk, SCORER)
    before = status_view(look(desk, desk.clock()))
    submission = team.submit(b"1\n2\n3\n4\n", method="a secret method").raise_for_status().json()["submission"]["id"]
    assert status_view(look(desk, desk.clock())).queue != before.queue
    evaluation = UUID(team.http.get(f"/v1/submissions/{submission}").json()["evaluation"]["id"])
    assert scorer.conclude(reports.scored(), evaluation)
    after = status_view(look(desk, desk.clock()))
    assert before.week is not None
    assert after.week is not None
    # Not today's: midnight may pass.
    assert (after.week.timed, after.week.scored) == (before.week.timed + 1, before.week.scored + 1)
    assert after.week.p50_seconds is not None
    assert after.scorers is not None
    assert (after.scorers.alive, after.scorers.slots, after.scorers.versions) == (1, 2, [VERSION])
    shown = after.model_dump_json()
    assert not [private for private in (team.name, str(team.id), "a secret method", submission) if private in shown]


def test_an_evaluation_that_failed_by_our_fault_is_shown_with_its_code(desk: Desk, team: Team, scorer: Scorer) -> None:
    submission = team.submit(b"1\n2\n3\n4\n", "validation").raise_for_status().json()["submission"]["id"]
    evaluation = UUID(team.http.get(f"/v1/submissions/{submission}").json()["evaluation"]["id"])
    assert scorer.conclude(reports.failed(), evaluation)
    week = status_view(look(desk, desk.clock())).week
    assert week is not None
    assert week.failed >= 1
    assert week.failures["scorers-died"] >= 1


@pytest.fixture
def dead_storage() -> Iterator[Storage]:
    with closing(Storage(StorageAddress(NOWHERE, "nobody", "nothing"))) as storage:
        yield storage


@pytest.fixture
def dead_database() -> Iterator[Database]:
    with closing(Database("postgresql://gateway:none@127.0.0.1:1/gateway", "tests")) as database:
        yield database


def test_it_says_so_when_ledger_or_storage_is_away(desk: Desk, dead_storage: Storage) -> None:
    count_scorers(desk, SCORER)
    assert conditions(desk) == {
        "submissions": "working",
        "scoring": "working",
        "webhooks": "working",
        "reports": "working",
    }
    with closing(Allowance(NOWHERE, "token")) as nobody:
        for changed in ({"allowance": nobody}, {"storage": dead_storage}):
            found = conditions(dataclasses.replace(desk, **changed))
            assert found == {
                "submissions": "trouble",
                "scoring": "working",
                "webhooks": "working",
                "reports": "working",
            }


def test_without_the_database_it_still_answers_without_figures(desk: Desk, dead_database: Database) -> None:
    status = look(dataclasses.replace(desk, database=dead_database), desk.clock())
    view = status_view(status)
    assert (view.state, view.today, view.queue, view.scorers) == ("trouble", None, None, None)
    assert [part.condition for part in view.parts] == ["trouble", "unknown", "unknown", "unknown"]
    assert json.loads(view.model_dump_json())["parts"][0]["sentence"].endswith("the database does not answer")


def test_scorers_that_are_gone_are_seen(desk: Desk) -> None:
    count_scorers(desk)
    assert conditions(desk)["scoring"] == "trouble"


def test_it_is_worked_out_once_in_a_few_seconds(desk: Desk) -> None:
    watch = Watch()
    lookout = Lookout(desk, watch)
    first = lookout.status()
    watch.now += KEPT_SECONDS - 0.1
    assert lookout.status() is first
    watch.now += 0.2
    assert lookout.status() is not first


def test_metrics_are_for_private_networks_by_whatever_way_they_are_asked_for(gateway_url: str) -> None:
    answer = httpx.get(f"{gateway_url}/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert 'holdout_part_working{part="submissions"} ' in answer.text
    for headers in ({"X-Forwarded-For": "198.51.100.7"}, {"Forwarded": "for=198.51.100.7"}):
        problem(httpx.get(f"{gateway_url}/metrics", headers=headers), 403, "metrics-closed")
    assert httpx.get(f"{gateway_url}/metrics", headers={"X-Forwarded-For": "10.0.0.7"}).is_success
