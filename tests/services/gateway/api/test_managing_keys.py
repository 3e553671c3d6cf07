"""Keys over HTTP: made, rotated, ended, by whom, and with which rights."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import httpx
import pytest

from services.gateway.actions.keys import make_key
from services.gateway.actions.teams import join_team, leave_team, open_account
from services.gateway.desk import Desk
from shared.errors import Conflict, Missing
from tests.services.gateway import reports
from tests.services.gateway.conftest import Scorer, Team
from tests.waiting import eventually


def holding(url: str, secret: str) -> httpx.Client:
    """A client that sends this key."""
    return httpx.Client(base_url=url, headers={"Authorization": f"Bearer {secret}"}, timeout=30)


def used(team: Team, key: str) -> bool:
    """Whether a request came under this key."""
    return any(each["id"] == key and each["last_used_at"] for each in team.http.get("/v1/keys").json())


def person_in(desk: Desk, team: Team) -> str:
    """A new person who is in the team."""
    name = open_account(desk, f"person {uuid4().hex[:12]}").name
    join_team(desk, team.name, name)
    return name


def test_a_key_is_made_used_rotated_and_the_old_one_ended(team: Team, gateway_url: str) -> None:
    made = team.http.post("/v1/keys", json={"label": "nightly", "days": 90}).raise_for_status().json()
    assert made["key"]["person"] is None
    lifetime = datetime.fromisoformat(made["key"]["expires_at"]) - datetime.fromisoformat(made["key"]["created_at"])
    assert abs(lifetime - timedelta(days=90)) < timedelta(seconds=1)
    with holding(gateway_url, made["secret"]) as nightly:
        assert nightly.get("/v1/key").json()["id"] == made["key"]["id"]
        successor = team.http.post(f"/v1/keys/{made['key']['id']}/rotate").raise_for_status().json()
        assert nightly.get("/v1/submissions").status_code == 200, "both work while one is changed for the other"
        assert team.http.delete(f"/v1/keys/{made['key']['id']}").status_code == 204
        assert nightly.get("/v1/submissions").json()["code"] == "key-revoked", "the next request already"
    with holding(gateway_url, successor["secret"]) as nightly:
        mine = nightly.get("/v1/key").json()
    assert (mine["label"], mine["scopes"]) == ("nightly", ["submit", "read"])
    assert mine["last_used_at"] is not None


def test_no_secret_is_ever_shown_again(team: Team) -> None:
    secret = team.http.post("/v1/keys", json={"label": "once"}).json()["secret"]
    assert secret.split("_", 2)[2] not in team.http.get("/v1/keys").text


def test_a_third_live_key_of_one_label_is_refused_also_when_asked_for_all_at_once(team: Team) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: team.http.post("/v1/keys", json={"label": "rush"}), range(8)))
    assert sorted(answer.status_code for answer in answers) == [201, 201, *[409] * 6]
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {"too-many-keys"}


def test_an_expired_key_makes_room_for_another(team: Team, desk: Desk) -> None:
    for _ in range(2):
        make_key(desk, team.name, "short", expires_at=desk.clock() - timedelta(seconds=1))
    assert team.http.post("/v1/keys", json={"label": "short"}).status_code == 201


def test_nobody_gives_a_scope_that_their_own_key_lacks(desk: Desk, team: Team, gateway_url: str) -> None:
    secret = make_key(desk, team.name, "office", ("read", "manage")).text()
    with holding(gateway_url, secret) as office:
        answer = office.post("/v1/keys", json={"scopes": ["submit"]})
        assert (answer.status_code, answer.json()["code"]) == (403, "scope-missing")
        stronger = team.key.split("_")[1]
        assert office.post(f"/v1/keys/{stronger}/rotate").json()["code"] == "scope-missing"


def test_a_key_without_manage_sees_no_keys(found: Callable[..., Team]) -> None:
    answer = found(("submit", "read")).http.get("/v1/keys")
    assert (answer.status_code, answer.json()["code"]) == (403, "scope-missing")


def test_a_person_s_key_is_theirs_alone_and_ends_when_they_leave(team: Team, desk: Desk, gateway_url: str) -> None:
    ann, ben = person_in(desk, team), person_in(desk, team)
    hers = make_key(desk, team.name, "laptop", person=ann)
    his = make_key(desk, team.name, "laptop", person=ben)
    with holding(gateway_url, hers.text()) as client:
        assert client.get("/v1/key").json()["person"] == ann
        assert client.delete(f"/v1/keys/{his.id}").json()["code"] == "no-such-key"
        another = client.post("/v1/keys", json={"label": "desktop", "holder": "me"}).raise_for_status().json()
        assert another["key"]["person"] == ann
        assert leave_team(desk, team.name, ann) == 2
        assert client.get("/v1/key").json()["code"] == "key-revoked"
    with holding(gateway_url, his.text()) as client:
        assert client.get("/v1/key").status_code == 200
    with pytest.raises(Missing):
        make_key(desk, team.name, "laptop", person=ann)


def test_the_team_s_own_key_cannot_make_a_person_s(team: Team) -> None:
    answer = team.http.post("/v1/keys", json={"holder": "me"})
    assert (answer.status_code, answer.json()["code"]) == (409, "no-person")


def test_another_team_s_key_is_not_there(found: Callable[..., Team]) -> None:
    mine, theirs = found(), found()
    theirs_id = theirs.key.split("_")[1]
    for answer in (mine.http.delete(f"/v1/keys/{theirs_id}"), mine.http.post(f"/v1/keys/{theirs_id}/rotate")):
        assert (answer.status_code, answer.json()["code"]) == (404, "no-such-key")
    assert theirs_id not in {key["id"] for key in mine.http.get("/v1/keys").json()}


def test_a_person_is_entered_once_and_joins_as_often_as_they_like(team: Team, desk: Desk) -> None:
    name = person_in(desk, team)
    join_team(desk, team.name, name)
    with pytest.raises(Conflict):
        open_account(desk, name)
    leave_team(desk, team.name, name)
    with pytest.raises(Missing):
        leave_team(desk, team.name, name)


def test_a_key_does_not_outlive_the_one_that_made_it(team: Team, desk: Desk, gateway_url: str) -> None:
    ends = desk.clock() + timedelta(hours=1)
    lasting = make_key(desk, team.name, "lasting").id
    with holding(gateway_url, make_key(desk, team.name, "visitor", expires_at=ends).text()) as visitor:
        made = visitor.post("/v1/keys", json={"label": "eternal"}).raise_for_status().json()
        rotated = visitor.post(f"/v1/keys/{lasting}/rotate").raise_for_status().json()
    assert [datetime.fromisoformat(each["key"]["expires_at"]) for each in (made, rotated)] == [ends, ends]


def test_a_key_that_has_ended_has_no_successor(team: Team, desk: Desk) -> None:
    revoked = make_key(desk, team.name, "revoked").id
    team.http.delete(f"/v1/keys/{revoked}").raise_for_status()
    expired = make_key(desk, team.name, "expired", expires_at=desk.clock() - timedelta(seconds=1)).id
    for key in (revoked, expired):
        answer = team.http.post(f"/v1/keys/{key}/rotate")
        assert (answer.status_code, answer.json()["code"]) == (404, "no-such-key")


def test_a_long_poll_tells_a_revoked_key_nothing_more(team: Team, scorer: Scorer, desk: Desk, gateway_url: str) -> None:
    leaked = make_key(desk, team.name, "leaked")
    with holding(gateway_url, leaked.text()) as client, ThreadPoolExecutor(1) as pool:
        poll = pool.submit(client.get, "/v1/events", params={"wait": 30})
        eventually(lambda: used(team, leaked.id))
        team.http.delete(f"/v1/keys/{leaked.id}").raise_for_status()
        submission = team.submit(b"1\n2\n3\n4\n").raise_for_status().json()["submission"]
        scorer.conclude(reports.scored(), UUID(submission["evaluation"]["id"]))
        assert poll.result().json()["code"] == "key-revoked"
