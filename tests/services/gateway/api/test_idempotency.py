"""The same request again is the same deed: replays, mismatches, races, and keys that are free again."""

import gzip
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import update

from services.gateway.actions.remember import Key, claim, forget
from services.gateway.desk import Desk, open_desk
from services.gateway.settings import CourierSettings
from services.gateway.tables import RequestRow
from shared import keys
from shared.clock import utc_now
from shared.errors import Busy
from tests.services.gateway import reports
from tests.services.gateway.answers import TEST_SPLIT, problem
from tests.services.gateway.conftest import Scorer, Team
from tests.waiting import eventually

FILE = b"1 2 3 4 5\n2\n3\n4\n"
OTHER = b"9\n9\n9\n9\n"


def send(team: Team, key: str, file: bytes = FILE, **query: Any) -> httpx.Response:
    """Submit under a key."""
    return team.http.post(TEST_SPLIT, content=file, params=query, headers={"Idempotency-Key": key})


def same(first: httpx.Response, again: httpx.Response) -> bool:
    """Whether `again` says what `first` said, byte for byte."""
    said = [(answer.status_code, answer.content, answer.headers["location"]) for answer in (first, again)]
    return said[0] == said[1]


def later(by: timedelta) -> datetime:
    """A clock that is fast."""
    return utc_now() + by


def mine(team: Team) -> list[dict[str, Any]]:
    """The team's submissions."""
    items: list[dict[str, Any]] = team.http.get("/v1/submissions").json()["items"]
    return items


def test_a_repeated_request_gets_the_first_answer_and_costs_nothing(team: Team, scorer: Scorer, desk: Desk) -> None:
    """Also after much has happened to the submission; only the RateLimit fields speak of now."""
    first = send(team, "key-1", method="mine", publish="true")
    assert first.status_code == 202
    scorer.conclude(reports.scored(), UUID(first.json()["submission"]["evaluation"]["id"]))
    team.submit(OTHER)
    again = send(team, "key-1", method="mine", publish="true")
    assert same(first, again)
    assert again.headers["idempotency-replayed"] == "true"
    assert "idempotency-replayed" not in first.headers
    assert again.headers["ratelimit"].startswith('"weekly";r=0;')
    assert len(mine(team)) == len(list(desk.storage.keys(keys.SUBMISSIONS, f"{team.id}/"))) == 2


def test_the_way_in_and_the_packing_are_not_part_of_what_is_compared(team: Team) -> None:
    first, key = send(team, "k"), {"Idempotency-Key": "k"}
    assert same(first, send(team, "k", gzip.compress(FILE)))
    assert same(first, team.http.post(TEST_SPLIT, files={"file": ("a", FILE)}, headers=key))
    assert same(first, send(team, "k", wait=1))


@pytest.mark.parametrize(
    ("file", "query"),
    [(OTHER, {}), (FILE + b"\n", {}), (FILE, {"method": "x"}), (FILE, {"publish": "true"}), (FILE, {"labels": "wnid"})],
)
def test_another_file_or_parameter_under_the_same_key_is_refused(
    team: Team, desk: Desk, file: bytes, query: dict[str, str]
) -> None:
    first = send(team, "k")
    problem(send(team, "k", file, **query), 422, "idempotency-mismatch")
    assert team.remaining() == 1
    assert same(first, send(team, "k"))


def test_another_split_under_the_same_key_is_refused(team: Team) -> None:
    send(team, "k")
    answer = team.http.post(
        TEST_SPLIT.replace("/test/", "/validation/"), content=FILE, headers={"Idempotency-Key": "k"}
    )
    problem(answer, 422, "idempotency-mismatch")


def test_a_repeated_request_that_is_broken_is_told_so(team: Team) -> None:
    send(team, "k")
    problem(send(team, "k", gzip.compress(FILE)[:-4]), 400, "gzip-broken")
    problem(send(team, "k", b"1" * 1_000_001), 413, "submission-too-large")


@pytest.mark.parametrize("key", ["", "a b", "x" * 256, "é", "a\tb"])
def test_a_key_that_is_none_is_refused(team: Team, key: str) -> None:
    headers = httpx.Headers({"Idempotency-Key": key}, encoding="latin-1")
    problem(team.http.post(TEST_SPLIT, content=FILE, headers=headers), 422, "request-invalid")


def test_a_key_belongs_to_its_team(found: Callable[..., Team]) -> None:
    answers = [send(found(), "everybody's", file) for file in (FILE, OTHER)]
    assert [answer.status_code for answer in answers] == [202, 202]


@pytest.mark.parametrize(
    "bad", [b"", gzip.compress(FILE)[:-4], b"1" * 1_000_001], ids=["empty", "a broken archive", "too large"]
)
def test_a_refused_request_leaves_its_key_free(team: Team, bad: bytes) -> None:
    assert send(team, "k", bad).status_code in (400, 413)
    assert send(team, "k").status_code == 202


def test_a_key_in_use_stays_so_when_another_has_become_free(team: Team, desk: Desk) -> None:
    """As when a try that was given up for lost arrives after its repetition was answered."""
    assert send(team, "refused", b"").status_code == 400
    first = send(team, "in-use")
    submission = UUID(first.json()["submission"]["id"])
    with pytest.raises(Busy), desk.database.begin() as session:
        claim(desk, session, Key(team.id, "in-use", ""), submission)
    assert same(first, send(team, "in-use"))


def test_a_request_without_a_place_leaves_its_key_free(team: Team, desk: Desk) -> None:
    for file in (OTHER, OTHER + b"\n"):
        team.submit(file)
    for _ in range(2):
        problem(send(team, "k"), 429, "no-places-left")
    with desk.database.begin() as session:
        assert session.get(RequestRow, (team.id, "k")) is None


def test_of_many_equal_requests_at_once_one_is_accepted_and_no_other_counts(team: Team) -> None:
    def ask(_: int) -> httpx.Response:
        headers = {"Authorization": f"Bearer {team.key}", "Idempotency-Key": "rush"}
        return httpx.post(f"{team.http.base_url}{TEST_SPLIT}", content=FILE, headers=headers, timeout=30)

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(ask, range(16)))
    accepted = [answer for answer in answers if answer.status_code == 202]
    assert accepted
    assert all(same(accepted[0], answer) for answer in accepted)
    for answer in answers:
        if answer not in accepted:
            problem(answer, 409, "idempotency-running")
            assert int(answer.headers["retry-after"]) >= 1
    assert [item["state"] for item in mine(team)] == ["sealed"]
    assert team.remaining() == 1


def test_a_rush_of_other_files_under_one_key_accepts_one_of_them(team: Team) -> None:
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda n: send(team, "rush", FILE + b"\n" * n), range(8)))
    assert [answer.status_code for answer in answers].count(202) == 1
    assert {answer.json().get("code") for answer in answers} <= {None, "idempotency-running", "idempotency-mismatch"}
    assert len(mine(team)) == 1


def test_who_waits_and_who_repeats_meanwhile_get_the_same_answer(team: Team, scorer: Scorer) -> None:
    """Whoever is answered first decides what the answer is."""
    with ThreadPoolExecutor(2) as pool:
        waiting = [pool.submit(send, team, "k", FILE, wait=20)]
        evaluation = eventually(lambda: [item["evaluation"] for item in mine(team) if item["evaluation"]])[0]
        waiting.append(pool.submit(send, team, "k", FILE, wait=20))
        scorer.conclude(reports.scored(), UUID(evaluation["id"]))
        first, again = (asked.result() for asked in waiting)
    assert same(first, again)
    assert first.json()["submission"]["evaluation"]["state"] == "scored"


def test_an_answer_that_was_lost_before_it_was_kept_is_given_anew_and_then_stays(team: Team, desk: Desk) -> None:
    """Its gateway died between sealing and answering."""
    first = send(team, "k")
    with desk.database.begin() as session:
        session.execute(update(RequestRow).where(RequestRow.team_id == team.id).values(answer=None))
    again = send(team, "k")
    assert again.status_code == 202
    assert again.json()["submission"]["id"] == first.json()["submission"]["id"]
    assert same(again, send(team, "k"))


def test_a_key_is_forgotten_after_30_days_and_not_before(team: Team, desk: Desk) -> None:
    key = uuid4().hex
    send(team, key)
    kept = timedelta(days=CourierSettings.model_fields["requests_days"].default)
    for late, status in ((kept * 0.99, 422), (kept * 1.01, 202)):
        with closing(open_desk(desk.settings, "late", partial(later, late))) as late_desk:
            forget(late_desk, kept)
        assert send(team, key, OTHER).status_code == status
