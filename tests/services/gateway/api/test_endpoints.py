"""A team manages its endpoints: what it may register, what it sees, and that it sees nobody else's."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import httpx
import pytest

from services.gateway.actions.endpoints import MOST_ENDPOINTS, MOST_SECRETS
from services.gateway.api.throttle import BURST
from services.gateway.desk import Desk
from tests.services.gateway.conftest import Team
from tests.services.gateway.telling import tell

URL = "http://127.0.0.1:9/hook"
NOBODY_S = UUID(int=4)

ROUTES = [
    ("GET", ""),
    ("PATCH", ""),
    ("DELETE", ""),
    ("POST", "/rotate"),
    ("POST", "/disable"),
    ("POST", "/enable"),
    ("POST", "/test"),
    ("GET", "/deliveries"),
    ("POST", f"/deliveries/{NOBODY_S}/redeliver"),
    ("POST", "/redeliver-failed"),
]


def register(team: Team, url: str = URL, **more: Any) -> httpx.Response:
    return team.http.post("/v1/endpoints", json={"url": url, **more})


def registered(team: Team, **more: Any) -> dict[str, Any]:
    """An endpoint, with its secret."""
    answer = register(team, **more)
    assert answer.status_code == 201, answer.text
    view: dict[str, Any] = answer.json()
    return view


def ask(team: Team, method: str, path: str) -> httpx.Response:
    return team.http.request(method, path, json={} if method == "PATCH" else None)


def code_of(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def test_the_secret_is_shown_when_it_is_made_and_never_again(team: Team) -> None:
    answer = register(team, types=["evaluation.scored"], description="the CI")
    made = answer.json()
    assert made["secret"].startswith("whsec_")
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["location"] == f"/v1/endpoints/{made['id']}"
    shown = team.http.get(answer.headers["location"]).json()
    assert shown == {name: value for name, value in made.items() if name != "secret"}
    assert (shown["url"], shown["types"], shown["description"]) == (URL, ["evaluation.scored"], "the CI")
    assert team.http.get("/v1/endpoints").json() == [shown]
    assert "whsec_" not in team.http.get("/v1/endpoints").text


def test_an_endpoint_is_changed_in_what_is_said_and_in_nothing_else(team: Team) -> None:
    made = registered(team, types=["evaluation.failed"], description="old")
    path = f"/v1/endpoints/{made['id']}"
    assert team.http.patch(path, json={"description": "new"}).json()["types"] == ["evaluation.failed"]
    assert team.http.patch(path, json={"types": None}).json()["types"] is None
    changed = team.http.patch(path, json={"url": "http://127.0.0.2:9/"}).json()
    assert (changed["url"], changed["description"]) == ("http://127.0.0.2:9/", "new")
    assert code_of(team.http.patch(path, json={"url": "https://10.0.0.1/"})) == (400, "endpoint-refused")
    assert team.http.get(path).json() == changed


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"url": 7},
        {"url": ""},
        {"url": "http://127.0.0.1/" + "a" * 2000},
        {"url": URL, "types": []},
        {"url": URL, "types": ["evaluation.lost"]},
        {"url": URL, "types": ["endpoint.test"]},
        {"url": URL, "description": "a" * 201},
        {"url": URL, "secret": "whsec_mine"},
    ],
)
def test_what_is_no_endpoint_is_refused_by_field(team: Team, body: dict[str, Any]) -> None:
    assert code_of(team.http.post("/v1/endpoints", json=body)) == (422, "request-invalid")
    assert team.http.get("/v1/endpoints").json() == []


@pytest.mark.parametrize(
    "url", ["https://10.0.0.1/", "https://user@example.org/", "http://example.org/", "https://team.invalid/", "nowhere"]
)
def test_an_address_that_may_not_be_called_is_refused_with_a_remedy(team: Team, url: str) -> None:
    answer = register(team, url)
    assert code_of(answer) == (400, "endpoint-refused")
    assert answer.json()["remedy"]
    assert team.http.get("/v1/endpoints").json() == []


def test_the_eleventh_endpoint_is_refused_until_one_is_removed(team: Team) -> None:
    made = [registered(team)["id"] for _ in range(MOST_ENDPOINTS)]
    assert code_of(register(team)) == (409, "too-many-endpoints")
    assert team.http.delete(f"/v1/endpoints/{made[0]}").status_code == 204
    registered(team)
    assert [endpoint["id"] for endpoint in team.http.get("/v1/endpoints").json()][:-1] == made[1:]


def test_of_many_registered_at_once_ten_are_there(team: Team) -> None:
    with ThreadPoolExecutor(2 * MOST_ENDPOINTS) as hands:
        answers = list(hands.map(lambda _: register(team).status_code, range(2 * MOST_ENDPOINTS)))
    assert sorted(answers) == [201] * MOST_ENDPOINTS + [409] * MOST_ENDPOINTS


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_another_team_s_endpoint_is_as_missing_as_none(found: Callable[..., Team], method: str, path: str) -> None:
    mine, theirs = found(), found()
    endpoint = registered(mine)["id"]
    before = mine.http.get("/v1/endpoints").json()
    for name in (endpoint, NOBODY_S):
        assert code_of(ask(theirs, method, f"/v1/endpoints/{name}{path}")) == (404, "no-such-endpoint")
    assert mine.http.get("/v1/endpoints").json() == before


@pytest.mark.parametrize(("method", "path"), [*ROUTES, ("POST", "s")])
def test_a_key_without_the_scope_manage_does_not_come_near_endpoints(
    found: Callable[..., Team], method: str, path: str
) -> None:
    team = found(("submit", "read"))
    where = "/v1/endpoints" if path == "s" else f"/v1/endpoints/{NOBODY_S}{path}"
    assert code_of(ask(team, method, where)) == (403, "scope-missing")


def test_a_rotated_secret_is_new_and_the_old_one_s_end_is_shown(team: Team) -> None:
    made = registered(team)
    path = f"/v1/endpoints/{made['id']}"
    answer = team.http.post(f"{path}/rotate")
    assert answer.headers["cache-control"] == "no-store"
    rotated = answer.json()
    assert rotated["secret"] != made["secret"]
    assert len(team.http.get(path).json()["old_secrets_end"]) == 1
    for _ in range(MOST_SECRETS - 2):
        assert team.http.post(f"{path}/rotate").status_code == 200
    assert code_of(team.http.post(f"{path}/rotate")) == (409, "too-many-secrets")


def test_nothing_is_tried_on_a_disabled_endpoint_until_it_is_enabled(team: Team) -> None:
    path = f"/v1/endpoints/{registered(team)['id']}"
    assert team.http.post(f"{path}/disable").json()["disabled_at"] is not None
    since = team.http.post(f"{path}/disable").json()["disabled_at"]
    assert since == team.http.get(path).json()["disabled_at"], "the second time changes nothing"
    assert code_of(team.http.post(f"{path}/test")) == (409, "endpoint-disabled")
    assert code_of(team.http.post(f"{path}/redeliver-failed")) == (409, "endpoint-disabled")
    assert team.http.post(f"{path}/enable").json()["disabled_at"] is None
    assert team.http.post(f"{path}/test").status_code == 202


def test_what_was_owed_to_a_disabled_endpoint_can_be_asked_for_later(team: Team, desk: Desk) -> None:
    path = f"/v1/endpoints/{registered(team)['id']}"
    tell(desk, team.id)
    team.http.post(f"{path}/disable")
    tell(desk, team.id)
    team.http.post(f"{path}/enable")
    assert team.http.post(f"{path}/redeliver-failed").json() == {"events": 1, "event": None}
    assert team.http.post(f"{path}/redeliver-failed").json()["events"] == 0, "it is owed, and not given up any more"


def test_an_endpoint_is_not_stormed_with_tests(team: Team) -> None:
    path = f"/v1/endpoints/{registered(team)['id']}/test"
    answers = [team.http.post(path) for _ in range(61)]
    assert {answer.status_code for answer in answers[:60]} == {202}
    assert code_of(answers[60]) == (429, "endpoint-busy")
    assert 0 < int(answers[60].headers["retry-after"]) <= 60
    assert answers[60].headers["ratelimit-policy"] == '"window";q=60;w=60'


def test_addresses_are_not_registered_and_changed_by_the_dozen(found: Callable[..., Team]) -> None:
    team, other = found(), found()
    path = f"/v1/endpoints/{registered(team)['id']}"
    answers = [team.http.patch(path, json={"url": URL}) for _ in range(BURST + 5)]
    refused = answers[-1]
    assert code_of(refused) == (429, "too-many-registrations")
    assert f";q={BURST};" in refused.headers["ratelimit-policy"]
    assert int(refused.headers["retry-after"]) >= 1
    assert code_of(register(team)) == (429, "too-many-registrations")
    assert team.http.get(path).status_code == 200
    registered(other)


def test_a_delivery_that_is_not_in_the_log_cannot_be_made_anew(team: Team) -> None:
    path = f"/v1/endpoints/{registered(team)['id']}/deliveries"
    assert team.http.get(path).json() == {"items": [], "next": None}
    assert code_of(team.http.post(f"{path}/{NOBODY_S}/redeliver")) == (404, "no-such-delivery")
    assert code_of(team.http.get(path, params={"cursor": "mine"})) == (400, "cursor-invalid")
