"""Who may ask: wrong, missing, revoked, expired keys; other teams' things; health without any key."""

from collections.abc import Callable
from datetime import timedelta

import httpx
import pytest

from services.gateway.actions.keys import make_key, revoke_key
from services.gateway.apikeys import new_key
from services.gateway.desk import Desk
from tests.services.gateway.conftest import Team


def ask(url: str, authorization: str | None) -> httpx.Response:
    headers = {} if authorization is None else {"Authorization": authorization}
    return httpx.get(f"{url}/v1/submissions", headers=headers)


@pytest.mark.parametrize(
    ("authorization", "code"),
    [
        (None, "key-missing"),
        ("Basic dXNlcjpwYXNz", "key-missing"),
        ("Bearer nonsense", "key-malformed"),
        (f"Bearer {new_key().text()}", "key-unknown"),
        (f"Bearer {new_key().text()[:-1]}", "key-malformed"),
    ],
    ids=["no key", "another scheme", "no key's shape", "a key of nobody", "a key cut short"],
)
def test_a_key_that_does_not_count_is_refused_with_its_reason(
    gateway_url: str, authorization: str | None, code: str
) -> None:
    answer = ask(gateway_url, authorization)
    assert answer.status_code == 401
    assert answer.json()["code"] == code
    assert answer.headers["www-authenticate"] == "Bearer"


def test_a_revoked_key_is_refused_at_once(team: Team, gateway_url: str, desk: Desk) -> None:
    assert ask(gateway_url, f"Bearer {team.key}").status_code == 200
    revoke_key(desk, team.key.split("_")[1])
    answer = ask(gateway_url, f"Bearer {team.key}")
    assert (answer.status_code, answer.json()["code"]) == (401, "key-revoked")


def test_an_expired_key_is_refused(team: Team, gateway_url: str, desk: Desk) -> None:
    key = make_key(desk, team.name, "short", expires_at=desk.clock() - timedelta(seconds=1))
    answer = ask(gateway_url, f"Bearer {key.text()}")
    assert (answer.status_code, answer.json()["code"]) == (401, "key-expired")


def test_a_team_does_not_see_another_team_s_submission(found: Callable[..., Team]) -> None:
    mine, theirs = found(), found()
    submission = mine.submit(b"1\n2\n3\n4\n").json()["submission"]["id"]
    for path in (f"/v1/submissions/{submission}", f"/v1/submissions/{submission}/report"):
        answer = theirs.http.get(path)
        assert (answer.status_code, answer.json()["code"]) == (404, "no-such-submission")
    assert theirs.http.get("/v1/submissions").json()["items"] == []


def test_health_and_open_pages_need_no_key(gateway_url: str) -> None:
    for path in ("/healthz", "/readyz", "/v1/challenges", "/openapi.json", "/client.py", "/"):
        assert httpx.get(gateway_url + path).status_code == 200


def test_an_unknown_path_and_a_wrong_method_are_problems_too(gateway_url: str) -> None:
    for answer in (httpx.get(f"{gateway_url}/nowhere"), httpx.delete(f"{gateway_url}/v1/challenges")):
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["request_id"]
