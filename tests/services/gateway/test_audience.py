"""A private challenge does not exist for anybody but the teams that it invites, whichever way they ask."""

from collections.abc import Callable, Iterator
from pathlib import Path
from shutil import copytree
from uuid import UUID, uuid4

import httpx
import pytest

from services.gateway.actions import audience
from services.gateway.api.throttle import BURST
from services.gateway.apikeys import new_key
from services.gateway.desk import Desk
from services.gateway.publish import publish
from shared.errors import Conflict, Missing
from shared.storage import Storage
from tests.house.tree import modules, name, text
from tests.services.gateway import reports
from tests.services.gateway.conftest import TINY, Scorer, Team

UNKNOWN = "never-used"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A definition with a name and pools of its own."""
    copied = copytree(TINY, tmp_path / "challenge")
    path = copied / "challenge.toml"
    path.write_text(path.read_text().replace("tiny", f"tiny-{uuid4().hex[:8]}"))
    return copied


@pytest.fixture
def hidden(desk: Desk, operator: Storage, folder: Path) -> Iterator[str]:
    """The name of a private challenge with a truth for two splits."""
    truths = [f"{split}={TINY / 'truth.txt'}" for split in ("test", "validation")]
    done = publish(desk.database, operator, desk.clock, folder, truths, check=False, private=True)
    assert done.private
    yield done.challenge.name
    audience.open_challenge(desk, done.challenge.name)


def addresses(challenge: str) -> list[str]:
    """Everything that is shown of a challenge."""
    task = f"/v1/challenges/{challenge}/tasks/classification"
    page = f"/challenges/{challenge}"
    api = [f"/v1/challenges/{challenge}", task, f"{task}/sample", f"{task}/splits/test/leaderboard"]
    return [*api, page, f"{page}/classification", f"{page}/classification/test"]


def listed(http: httpx.Client, challenge: str) -> bool:
    """Whether any list names it: of the API, of the pages, of a team's allowance."""
    lists = ["/v1/challenges", "/"]
    lists += ["/v1/allowance"] if "authorization" in http.headers else []
    return any(challenge in http.get(address).raise_for_status().text for address in lists)


def seen(http: httpx.Client, challenge: str) -> set[bool]:
    """Whether its addresses answer: {True}, {False}, or both."""
    answers = {http.get(address).status_code for address in addresses(challenge)}
    assert answers <= {200, 404}
    return {status == 200 for status in answers} | {listed(http, challenge)}


@pytest.fixture
def anybody(gateway_url: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=gateway_url) as http:
        yield http


def test_nobody_but_its_guests_sees_a_private_challenge_and_opening_shows_it_to_all(
    desk: Desk, found: Callable[..., Team], anybody: httpx.Client, hidden: str
) -> None:
    guest, stranger = found(), found()
    audience.invite(desk, hidden, guest.name)
    assert [seen(http, hidden) for http in (anybody, stranger.http, guest.http)] == [{False}, {False}, {True}]
    audience.uninvite(desk, hidden, guest.name)
    assert seen(guest.http, hidden) == {False}
    assert audience.open_challenge(desk, hidden)
    assert [seen(http, hidden) for http in (anybody, stranger.http, guest.http)] == [{True}] * 3
    assert not audience.open_challenge(desk, hidden)
    audience.hide_challenge(desk, hidden)
    assert seen(anybody, hidden) == {False}


def test_the_answer_is_that_for_a_name_that_was_never_used(anybody: httpx.Client, hidden: str) -> None:
    for secret, unknown in zip(addresses(hidden), addresses(UNKNOWN), strict=True):
        there, nowhere = (anybody.get(address).json() for address in (secret, unknown))
        assert {key: str(value).replace(hidden, UNKNOWN) for key, value in there.items() if key != "request_id"} == {
            key: str(value) for key, value in nowhere.items() if key != "request_id"
        }


def test_a_stranger_can_neither_submit_nor_check_nor_upload_and_is_charged_nothing(
    desk: Desk, found: Callable[..., Team], hidden: str
) -> None:
    guest, stranger = found(), found()
    audience.invite(desk, hidden, guest.name)
    place = f"/v1/challenges/{hidden}/tasks/classification/splits/test"
    upload = {"challenge": hidden, "task": "classification", "split": "test", "size_bytes": 8}
    for team, status in ((stranger, {404}), (guest, {200, 201, 202})):
        submitted = team.http.post(
            f"{place}/submissions", content=b"1\n2\n3\n4\n", headers={"Content-Type": "text/plain"}
        )
        opened = team.http.post("/v1/uploads", json=upload)
        assert {submitted.status_code, opened.status_code} <= status
    refused = stranger.http.post(f"{place}/validate", content=b"1\n", headers={"Content-Type": "text/plain"})
    assert (refused.status_code, refused.json()["code"]) == (404, "no-such-challenge")


@pytest.mark.parametrize(
    ("key", "code"),
    [
        ("Bearer holdout_cut", "key-malformed"),
        (f"Bearer holdout_{'a' * 12}_{'b' * 51}", "key-malformed"),
        (f"Bearer {new_key().text()}", "key-unknown"),
        ("Bearer", "no-such-challenge"),
        ("Basic eDp5", "no-such-challenge"),
    ],
    ids=["cut", "mistyped", "unknown", "none", "of another kind"],
)
def test_a_key_that_does_not_count_closes_nothing_that_is_open_and_is_told_where_nothing_is(
    anybody: httpx.Client, tiny: str, hidden: str, key: str, code: str
) -> None:
    headers = {"Authorization": key, "X-Forwarded-For": f"2001:db8::{len(key)}"}
    for address in addresses(tiny):
        assert anybody.get(address, headers=headers).status_code == 200
    for address in (*addresses(hidden)[:4], f"/v1/challenges/{UNKNOWN}"):
        answer = anybody.get(address, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (404 if code == "no-such-challenge" else 401, code)


def test_keys_that_do_not_count_are_slowed_down_where_none_is_needed_too(
    anybody: httpx.Client, tiny: str, hidden: str
) -> None:
    headers = {"Authorization": f"Bearer {new_key().text()}", "X-Forwarded-For": "203.0.113.5"}
    answers = [anybody.get(f"/v1/challenges/{tiny}", headers=headers) for _ in range(2 * BURST)]
    assert {answer.status_code for answer in answers} == {200}
    refused = anybody.get(f"/v1/challenges/{hidden}", headers=headers)
    assert (refused.status_code, refused.json()["code"]) == (429, "too-many-bad-keys")


def test_any_key_of_a_guest_shows_what_it_is_invited_to(desk: Desk, found: Callable[..., Team], hidden: str) -> None:
    guest = found(scopes=("submit",))
    audience.invite(desk, hidden, guest.name)
    assert seen(guest.http, hidden) == {True}


def test_a_new_version_leaves_who_sees_it_as_it_was(
    desk: Desk, operator: Storage, anybody: httpx.Client, folder: Path, hidden: str
) -> None:
    path = folder / "challenge.toml"
    truths = [f"{split}={TINY / 'truth.txt'}" for split in ("test", "validation")]
    path.write_text(path.read_text().replace("version = 1", "version = 2"))
    assert publish(desk.database, operator, desk.clock, folder, truths, check=False).private
    assert seen(anybody, hidden) == {False}
    audience.open_challenge(desk, hidden)
    path.write_text(path.read_text().replace("version = 2", "version = 3"))
    assert not publish(desk.database, operator, desk.clock, folder, truths, check=False, private=True).private
    assert seen(anybody, hidden) == {True}


def test_the_organiser_s_list_says_who_sees_what(desk: Desk, found: Callable[..., Team], hidden: str) -> None:
    guest = found()
    audience.invite(desk, hidden, guest.name)
    standing = next(each for each in audience.standings(desk) if each.name == hidden)
    assert (standing.private, standing.guests) == (True, (guest.name,))
    assert standing.splits == ("classification/test", "classification/validation")


def test_invitations_to_nothing_and_of_nobody_are_refused(desk: Desk, found: Callable[..., Team], hidden: str) -> None:
    team = found()
    with pytest.raises(Missing, match="no-such-challenge"):
        audience.invite(desk, UNKNOWN, team.name)
    with pytest.raises(Missing, match="no-such-team"):
        audience.invite(desk, hidden, "nobody at all")
    with pytest.raises(Conflict, match="not-invited"):
        audience.uninvite(desk, hidden, team.name)


def test_api_and_pages_ask_for_challenges_by_who_looks() -> None:
    """`store.challenges` knows no audience: what faces the world goes through `store.audience`."""
    faces = [
        path
        for path in modules("services")
        if name(path).startswith(("services/gateway/api/", "services/gateway/pages/"))
    ]
    asked = ("challenges.newest(", "challenges.all_newest(", "challenges.venue(")
    assert not [name(path) for path in faces for call in asked if call in text(name(path))]


def test_what_a_guest_was_answered_is_answered_again_when_it_is_no_guest_any_more(
    desk: Desk, found: Callable[..., Team], hidden: str
) -> None:
    guest = found()
    audience.invite(desk, hidden, guest.name)
    place = {"challenge": hidden, "task": "classification", "split": "validation"}
    file = {number: b"%d\n2\n3\n4\n" % number for number in (1, 2, 3)}

    def submit(key: str) -> httpx.Response:
        path = f"/v1/challenges/{hidden}/tasks/classification/splits/validation/submissions"
        return guest.http.post(path, content=file[1], headers={"Content-Type": "text/plain", "Idempotency-Key": key})

    def opened(key: str, number: int) -> httpx.Response:
        said = place | {"size_bytes": len(file[number])}
        return guest.http.post("/v1/uploads", json=said, headers={"Idempotency-Key": key})

    def complete(upload: httpx.Response) -> httpx.Response:
        return guest.http.post(f"/v1/uploads/{upload.json()['id']}/complete")

    done, left = opened("complete", 2), opened("left", 3)
    for upload, number in ((done, 2), (left, 3)):
        guest.http.put(f"/v1/uploads/{upload.json()['id']}/parts/1", content=file[number]).raise_for_status()
    before = [submit("sent"), done, left, complete(done)]
    audience.uninvite(desk, hidden, guest.name)
    after = [submit("sent"), opened("complete", 2), opened("left", 3), complete(done)]
    assert [answer.status_code for answer in before] == [202, 201, 201, 202]
    assert [answer.status_code for answer in after] == [answer.status_code for answer in before]
    assert [answer.json() for answer in after[:3]] == [answer.json() for answer in before[:3]]
    assert after[3].json()["submission"]["id"] == before[3].json()["submission"]["id"]
    for new in (submit("new"), opened("new", 1), complete(left)):
        assert (new.status_code, new.json()["code"]) == (404, "no-such-challenge")


def test_a_badge_is_seen_by_whoever_sees_the_board_and_is_gone_when_that_is_hidden(
    desk: Desk, found: Callable[..., Team], anybody: httpx.Client, scorer: Scorer, hidden: str
) -> None:
    author, guest = found(), found()
    for team in (author, guest):
        audience.invite(desk, hidden, team.name)
    sent = author.http.post(
        f"/v1/challenges/{hidden}/tasks/classification/splits/validation/submissions",
        content=b"1\n2\n3\n4\n",
        params={"publish": "true"},
        headers={"Content-Type": "text/plain"},
    ).json()["submission"]
    assert scorer.conclude(reports.scored(), UUID(sent["evaluation"]["id"]))
    audience.uninvite(desk, hidden, author.name)
    badge, rank = f"/v1/submissions/{sent['id']}/badge.svg", {"show": "rank"}
    shown = guest.http.get(badge, params=rank)
    assert (shown.status_code, "rank 1" in shown.text) == (200, True)
    assert (author.http.get(badge).status_code, author.http.get(badge, params=rank).status_code) == (200, 404)
    audience.open_challenge(desk, hidden)
    public = anybody.get(badge)
    assert (public.status_code, public.headers["cache-control"]) == (200, "no-cache")
    kept = {"If-None-Match": public.headers["etag"]}
    assert anybody.get(badge, headers=kept).status_code == 304
    audience.hide_challenge(desk, hidden)
    assert anybody.get(badge, headers=kept).status_code == 404
