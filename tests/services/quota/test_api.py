"""The service over HTTP, on a real database."""

from datetime import datetime, timedelta
from uuid import UUID, uuid4

import httpx
import pytest

from shared.messages import Reservation, Standing, Statement
from tests.services.quota.conftest import Service
from tests.services.quota.ledgers import WEEK
from tests.waiting import eventually


def test_a_place_is_held_then_spent_and_the_answers_say_how_the_team_stands(service: Service, team: UUID) -> None:
    submission = uuid4()
    answer = service.reserve(team, submission)
    assert answer.status_code == 201
    held = Reservation.model_validate_json(answer.content)
    assert (held.state, held.standing.remaining, held.standing.next_free_at) == ("held", 1, None)
    spent = Reservation.model_validate_json(service.settle(submission, "spent").content)
    [place] = spent.standing.taken
    assert (spent.state, place.state, place.submission) == ("spent", "spent", submission)
    assert place.returns_at - place.taken_at == timedelta(days=7)


def test_the_third_is_refused_until_the_first_returns(service: Service, team: UUID) -> None:
    first, second = uuid4(), uuid4()
    for submission in (first, second):
        service.reserve(team, submission)
        service.settle(submission, "spent")
    refused = service.reserve(team)
    problem = refused.json()
    assert (refused.status_code, problem["code"]) == (429, "no-places-left")
    assert refused.headers["content-type"] == "application/problem+json"
    assert "both places of this week are taken; the next is free at " in problem["detail"]
    free_at = datetime.fromisoformat(problem["next_free_at"])
    standing = Standing.model_validate_json(_standing(service, team).content)
    assert standing.next_free_at == free_at == standing.taken[0].returns_at
    assert (free_at - standing.now).total_seconds() <= int(refused.headers["retry-after"]) <= WEEK


def test_a_returned_place_is_free_again(service: Service, team: UUID) -> None:
    submissions = [uuid4(), uuid4()]
    for submission in submissions:
        service.reserve(team, submission)
    service.settle(submissions[0], "spent")
    refunded = service.settle(submissions[0], "returned", "ours").json()
    released = service.settle(submissions[1], "returned", "theirs").json()
    assert (refunded["state"], released["state"]) == ("refunded", "released")
    assert released["standing"]["remaining"] == 2
    assert service.reserve(team).status_code == 201


def test_the_same_request_again_gives_the_same_answer(service: Service, team: UUID) -> None:
    submission = uuid4()
    first, again = service.reserve(team, submission), service.reserve(team, submission)
    assert (first.status_code, again.status_code) == (201, 200)
    assert _timeless(first) == _timeless(again)
    assert _timeless(service.settle(submission, "spent")) == _timeless(service.settle(submission, "spent"))
    assert service.sql("SELECT count(*) FROM postings WHERE submission = %s", submission) == [(2,)]


def test_contradictions_are_refused(service: Service, team: UUID) -> None:
    submission = uuid4()
    service.reserve(team, submission)
    assert service.reserve(uuid4(), submission).json()["code"] == "submission-differs"
    assert service.reserve(team, submission, pool="other").json()["code"] == "submission-differs"
    service.settle(submission, "returned", "theirs")
    contradicted = service.settle(submission, "spent")
    assert (contradicted.status_code, contradicted.json()["code"]) == (409, "already-settled")
    unknown = service.settle(uuid4(), "spent")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "reservation-unknown")


def test_rejected_files_are_forgiven_up_to_the_daily_limit_and_ours_always(service: Service, team: UUID) -> None:
    for fault in ("theirs", "ours", "theirs"):
        submission = uuid4()
        assert service.reserve(team, submission, forgiven_per_day=2).status_code == 201
        assert service.settle(submission, "returned", fault).status_code == 200
    refused = service.reserve(team, forgiven_per_day=2, pool="another-pool")
    assert (refused.status_code, refused.json()["code"]) == (429, "too-many-rejected")
    assert 24 * 3600 - 60 < int(refused.headers["retry-after"]) <= 24 * 3600


def test_a_statement_reaches_back_a_day_where_the_window_is_shorter(service: Service, team: UUID) -> None:
    submission = uuid4()
    service.reserve(team, submission, window_seconds=1, places=1)
    service.settle(submission, "returned", "theirs")
    query: dict[str, str | int] = {"team": str(team), "pool": "test", "places": 1, "window_seconds": 1}

    def stated() -> Statement:
        return Statement.model_validate_json(service.http.get("/v1/statement", params=query).content)

    began = stated().now
    eventually(lambda: stated().now > began + timedelta(seconds=1))
    [place] = stated().given_back
    assert (place.submission, place.state, place.fault) == (submission, "released", "theirs")
    query["forgiven_per_day"] = 5
    assert stated().forgiven_left == 4


def test_an_abandoned_upload_gives_its_place_back_by_itself(service: Service, team: UUID) -> None:
    abandoned = uuid4()
    held = service.reserve(team, abandoned, places=1, hold_seconds=1).json()
    expires_at = datetime.fromisoformat(held["standing"]["taken"][0]["returns_at"])
    other = uuid4()
    while (answer := service.reserve(team, other, places=1)).status_code == 429:
        pass  # The refusals end by themselves, at the moment that they told.
    held_since = datetime.fromisoformat(answer.json()["standing"]["taken"][0]["taken_at"])
    assert held_since >= expires_at
    assert service.settle(abandoned, "spent").json()["code"] == "reservation-expired"
    assert service.reserve(team, abandoned, places=1).json()["code"] == "reservation-expired"
    service.settle(other, "returned", "ours")
    assert service.settle(abandoned, "spent").json()["state"] == "spent"


@pytest.mark.parametrize("authorization", ["", "Bearer", "Bearer wrong", "Basic dGVzdA==", "Bearer café"])
def test_nobody_gets_in_without_the_token(service: Service, team: UUID, authorization: str) -> None:
    headers = httpx.Headers({"Authorization": authorization}, encoding="latin-1")
    refused = service.http.post("/v1/reservations", json={}, headers=headers)
    assert (refused.status_code, refused.json()["code"]) == (401, "token-wrong")
    assert service.http.get("/v1/standing", headers=headers).status_code == 401


def test_health_needs_no_token(service: Service) -> None:
    for path in ("/healthz", "/readyz"):
        assert service.http.get(path, headers={"Authorization": ""}).status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b'{"to": "spent", "more": 1}',
        b'{"to": "returned"}',
        b'{"to": "spent", "fault": "ours"}',
        b'{"to": "kept"}',
    ],
)
def test_a_body_that_is_not_exactly_right_is_refused(service: Service, team: UUID, body: bytes) -> None:
    submission = uuid4()
    service.reserve(team, submission)
    refused = service.http.post(f"/v1/reservations/{submission}/settle", content=body)
    assert (refused.status_code, refused.json()["code"]) == (422, "request-invalid")


def test_limits_that_no_ledger_can_count_are_refused(service: Service, team: UUID) -> None:
    good: dict[str, str] = {"team": str(team), "pool": "test", "places": "2", "window_seconds": "60"}
    assert service.http.get("/v1/standing", params=good).status_code == 200
    for name, wrong in (("places", "0"), ("places", "1" * 30), ("window_seconds", "1" * 30), ("pool", "No Pool")):
        assert service.http.get("/v1/standing", params=good | {name: wrong}).status_code == 422


def test_connections_that_the_database_dropped_are_replaced_unnoticed(service: Service, team: UUID) -> None:
    service.sql(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'quota' AND usename = 'quota'"
    )
    assert service.reserve(team).status_code == 201


def _standing(service: Service, team: UUID) -> httpx.Response:
    query: dict[str, str | int] = {"team": str(team), "pool": "test", "places": 2, "window_seconds": WEEK}
    return service.http.get("/v1/standing", params=query)


def _timeless(answer: httpx.Response) -> dict[str, object]:
    content: dict[str, object] = answer.json()
    standing = content["standing"]
    assert isinstance(standing, dict)
    standing.pop("now")
    return content
