"""What is said of the queue while one waits, and who is refused before a byte is taken, with when to come back."""

import contextlib
import http.client
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import delete

from services.gateway.actions.evaluate import evaluate_again
from services.gateway.breaker import Breaker
from services.gateway.desk import Desk
from services.gateway.settings import GatewaySettings
from services.gateway.shelf import Shelf
from services.gateway.store import fleet, line, submissions
from services.gateway.tables import FleetRow
from shared import keys
from shared.errors import Conflict, Missing, Unavailable
from shared.messages import Alive, Job, Notice
from shared.storage import Storage, StorageAddress
from tests.services.gateway import reports
from tests.services.gateway.answers import problem
from tests.services.gateway.api.test_throttle import Watch
from tests.services.gateway.conftest import Scorer, Team, serving
from tests.services.gateway.uploading import ask_to_open
from tests.services.quota.test_app import free_port
from tests.waiting import eventually

FILE = b"1\n2\n3\n4\n"
VALIDATION = "/v1/challenges/tiny/tasks/classification/splits/validation/submissions"


def alive(desk: Desk, slots: int) -> None:
    """As a courier sees the scorers; hands nothing over."""
    with desk.database.begin() as session:
        fleet.note(session, desk.clock(), [Alive(name="tests", lane=Job.lane, slots=slots, running=0, version="")])
        fleet.allow(session, 0, desk.clock())


def queued(team: Team, number: int, split: str = "validation") -> dict[str, Any]:
    answer = team.submit(FILE + b"\n" * number, split).raise_for_status()
    content: dict[str, Any] = answer.json()["submission"]
    return content


def look(team: Team, submission: dict[str, Any]) -> dict[str, Any]:
    content: dict[str, Any] = team.http.get(f"/v1/submissions/{submission['id']}").raise_for_status().json()
    return content


def listed(team: Team, submission: dict[str, Any]) -> dict[str, Any]:
    """What the list of submissions says of its wait."""
    items = team.http.get("/v1/submissions").raise_for_status().json()["items"]
    queue: dict[str, Any] = next(one["queue"] for one in items if one["id"] == submission["id"])
    return queue


def run(scorer: Scorer, submission: dict[str, Any]) -> None:
    """From begun to scored."""
    evaluation = UUID(submission["evaluation"]["id"])
    notice = Notice(kind="started", evaluation=evaluation, attempt=1, run=1, scorer="tests")
    scorer.notify(notice).raise_for_status()
    assert scorer.conclude(reports.scored(), evaluation)


def test_a_queued_submission_says_how_many_go_before_it_and_when_it_is_done(
    team: Team, scorer: Scorer, desk: Desk
) -> None:
    alive(desk, 2)
    run(scorer, queued(team, 0))
    first, second = queued(team, 1), queued(team, 2)
    # Of what was queued just now nothing is known yet.
    eventually(lambda: None not in (listed(team, first)["position"], listed(team, second)["position"]))
    before, after = listed(team, first), listed(team, second)
    assert before["position"] < after["position"]
    assert 0 <= before["begun_in_seconds"] <= after["begun_in_seconds"] <= after["done_in_seconds"]
    assert "runs of this split" in before["basis"]
    assert "2 run at once" in before["basis"]
    run(scorer, first)
    assert look(team, first)["queue"] is None, "it has its outcome"


@pytest.mark.parametrize(("slots", "why"), [(0, "no scorer is alive"), (None, "the courier has not been heard of")])
def test_where_nobody_knows_the_time_is_null_with_the_reason(
    settings: GatewaySettings, found: Callable[..., Team], desk: Desk, slots: int | None, why: str
) -> None:
    with desk.database.begin() as session:
        session.execute(delete(FleetRow))
    if slots is not None:
        alive(desk, slots)
    with gateway(settings) as url, at(url, found()) as here:
        waiting = queued(here, 0)
    assert waiting["queue"]["position"] is not None
    assert waiting["queue"]["begun_in_seconds"] is None
    assert waiting["queue"]["basis"] == f"not known: {why}"


@contextlib.contextmanager
def gateway(settings: GatewaySettings, **changes: Any) -> Iterator[str]:
    """A gateway of its own, set otherwise."""
    with serving(settings.model_copy(update={"port": free_port(), **changes})) as url:
        yield url


@contextlib.contextmanager
def at(url: str, team: Team) -> Iterator[Team]:
    """The team at another gateway."""
    with httpx.Client(base_url=url, headers={"Authorization": f"Bearer {team.key}"}, timeout=30) as client:
        yield Team(team.id, team.name, team.key, client)


def head_only(url: str, team: Team) -> tuple[int, str]:
    """Status and Retry-After of the answer to a submission of which no byte of the body is sent."""
    address = urlsplit(url)
    with contextlib.closing(http.client.HTTPConnection(str(address.hostname), address.port, timeout=10)) as line_:
        line_.putrequest("POST", VALIDATION)
        for name, value in (("Authorization", f"Bearer {team.key}"), ("Content-Length", "100000")):
            line_.putheader(name, value)
        line_.endheaders()
        answer = line_.getresponse()
        return answer.status, answer.getheader("Retry-After", "")


def test_a_team_with_its_share_of_open_files_is_refused_before_a_byte_is_taken_and_nothing_is_charged(
    settings: GatewaySettings, team: Team
) -> None:
    with gateway(settings, open_evaluations=2) as url, at(url, team) as here:
        for number in range(2):
            queued(here, number)
        left = here.remaining("tiny-validation")
        refused = here.submit(FILE + b"\n\n\n", "validation")
        content = problem(refused, 429, "too-many-open")
        assert "wait for some of it" in str(content["remedy"])
        assert 5 <= int(refused.headers["Retry-After"]) <= 3600
        status, seconds = head_only(url, here)
        assert (status, int(seconds) >= 5) == (429, True)
        problem(ask_to_open(here, split="validation"), 429, "too-many-open")
        assert here.remaining("tiny-validation") == left
        assert len(here.http.get("/v1/submissions").json()["items"]) == 2
        assert here.submit(FILE).status_code == 202, "a held-out split is limited by its quota"


def test_a_full_queue_is_503_with_retry_after_but_not_for_what_goes_before_it(
    settings: GatewaySettings, found: Callable[..., Team], desk: Desk
) -> None:
    queued(found(), 0)
    with desk.database.begin() as session:
        longest = line.waiting(session, line.UNLIMITED, 10**6)
    with gateway(settings, longest_queue=longest) as url, at(url, found()) as here:
        refused = here.submit(FILE, "validation")
        problem(refused, 503, "queue-full")
        assert 5 <= int(refused.headers["Retry-After"]) <= 3600
        assert head_only(url, here)[0] == 503
        assert here.submit(FILE).status_code == 202


def test_after_a_storage_that_failed_bodies_are_refused_unread_until_it_takes_a_few_bytes_again(desk: Desk) -> None:
    watch = Watch()
    dead = Storage(StorageAddress("http://127.0.0.1:9", "nobody", "nothing-to-see"))
    shelf = Shelf(dead, Breaker(watch, tolerated=1))
    shelf.check()
    with pytest.raises(Unavailable), shelf.writing():
        dead.put(keys.SUBMISSIONS, "any", b"body")
    assert not shelf.is_open
    with pytest.raises(Unavailable, match="takes no file at the moment"):
        shelf.check()
    watch.now += 3
    with pytest.raises(Unavailable, match="does not answer"):
        shelf.check()
    back = Shelf(desk.storage, Breaker(watch, tolerated=1))
    with pytest.raises(Unavailable), back.writing():
        dead.put(keys.SUBMISSIONS, "any", b"body")
    watch.now += 3
    back.check()
    assert back.is_open
    assert not list(desk.storage.keys(keys.SUBMISSIONS, "checks/trials/"))


def test_a_gateway_whose_storage_is_away_answers_503_before_the_body_from_the_second_on(
    settings: GatewaySettings, team: Team
) -> None:
    with gateway(settings, s3_endpoint="http://127.0.0.1:9") as url, at(url, team) as here:
        problem(here.submit(FILE, "validation"), 503, "storage-unavailable")
        assert head_only(url, here) == (503, "5")
        problem(here.validate(FILE), 503, "storage-unavailable")


def test_what_failed_is_evaluated_again_once_and_costs_nothing(team: Team, scorer: Scorer, desk: Desk) -> None:
    sent = queued(team, 0, "test")
    submission = UUID(sent["id"])
    with pytest.raises(Conflict, match="queued"):
        evaluate_again(desk, submission)
    assert scorer.conclude(reports.failed(), UUID(sent["evaluation"]["id"]))
    assert team.remaining() == 2
    with desk.database.begin() as session:
        assert submission in {judged.submission.id for judged in submissions.failed(session, 1000)}
    evaluate_again(desk, submission)
    with pytest.raises(Conflict, match="queued"):
        evaluate_again(desk, submission)
    with desk.database.begin() as session:
        assert submission not in {judged.submission.id for judged in submissions.failed(session, 1000)}
    assert scorer.conclude(reports.scored(), UUID(look(team, sent)["evaluation"]["id"]))
    assert look(team, sent)["evaluation"]["state"] == "scored"
    assert team.remaining() == 2


def test_nothing_that_is_not_there_is_evaluated_again(desk: Desk) -> None:
    with pytest.raises(Missing):
        evaluate_again(desk, uuid4())
