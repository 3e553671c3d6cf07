"""Submitting a file: what is accepted, what is refused, and that nothing is spent on a refusal."""

import gzip
import hashlib
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import UUID

import httpx
import pytest
from sqlalchemy import select

from services.gateway.desk import Desk
from services.gateway.tables import EvaluationRow, SubmissionRow
from shared import keys
from shared.storage import Storage
from tests.services.gateway.answers import TEST_SPLIT, problem
from tests.services.gateway.conftest import Team
from tests.services.gateway.editions import edition_in
from tests.waiting import eventually

FILE = b"1 2 3 4 5\n2\n3\n4\n"


def test_a_file_is_sealed_with_its_digest_and_takes_a_place(team: Team, desk: Desk) -> None:
    answer = team.submit(FILE, method="a method", publish="true")
    assert answer.status_code == 202
    view = answer.json()["submission"]
    assert view["state"] == "sealed"
    assert view["digest"] == hashlib.sha256(FILE).hexdigest()
    assert view["evaluation"]["state"] == "queued"
    assert answer.headers["location"] == f"/v1/submissions/{view['id']}"
    assert answer.headers["ratelimit-policy"] == '"weekly";q=2;w=604800'
    assert answer.headers["ratelimit"].startswith('"weekly";r=1;t=')
    assert objects_of(team, desk) == [f"{team.id}/{view['id']}"]
    assert team.remaining() == 1


def test_a_gzip_file_is_unpacked_and_both_digests_are_kept(team: Team) -> None:
    packed = gzip.compress(FILE)
    view = team.submit(packed).json()["submission"]
    assert view["digest"] == hashlib.sha256(FILE).hexdigest()
    assert view["size_bytes"] == len(FILE)
    assert view["received_digest"] == hashlib.sha256(packed).hexdigest()
    assert view["received_bytes"] == len(packed)


def test_the_third_submission_of_a_week_is_refused_with_the_time_of_the_next_place(team: Team) -> None:
    for first in (b"6", b"7"):
        assert team.submit(first + FILE).status_code == 202
    answer = team.submit(FILE)
    content = problem(answer, 429, "no-places-left")
    assert 604_000 < int(answer.headers["retry-after"]) <= 604_800
    assert content["next_free_at"]
    assert answer.headers["ratelimit"].startswith('"weekly";r=0;t=')
    assert len(team.http.get("/v1/submissions").json()["items"]) == 2


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/v1/challenges/nowhere/tasks/classification/splits/test/submissions", "no-such-challenge"),
        ("/v1/challenges/tiny/tasks/nothing/splits/test/submissions", "no-such-task"),
        ("/v1/challenges/tiny/tasks/classification/splits/never/submissions", "no-such-split"),
    ],
)
def test_an_unknown_place_is_missing(team: Team, path: str, code: str) -> None:
    problem(team.http.post(path, content=FILE, headers={"Content-Type": "text/plain"}), 404, code)


def test_a_split_without_its_truth_takes_nothing(team: Team) -> None:
    problem(team.submit(FILE, split="secret"), 409, "split-closed")


def test_a_content_type_that_no_reader_knows_is_refused_with_the_right_command(team: Team) -> None:
    answer = team.http.post(TEST_SPLIT, content=FILE, headers={"Content-Type": "application/x-www-form-urlencoded"})
    assert "Content-Type: text/plain" in str(problem(answer, 415, "media-type-unknown")["remedy"])


def _bomb() -> bytes:
    return gzip.compress(bytes(20_000_000))


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 400, "submission-empty"),
        (gzip.compress(b""), 400, "submission-empty"),
        (b"1" * 1_000_001, 413, "submission-too-large"),
        (_bomb(), 413, "submission-too-large"),
        (gzip.compress(FILE)[:-5], 400, "gzip-broken"),
        (b"\x1f\x8b\x08garbage", 400, "gzip-broken"),
    ],
    ids=["empty", "empty gzip", "too large", "bomb", "cut gzip", "broken gzip"],
)
def test_a_refused_body_spends_nothing_and_leaves_nothing(
    team: Team, desk: Desk, body: bytes, status: int, code: str
) -> None:
    problem(team.submit(body), status, code)
    assert team.remaining() == 2
    assert objects_of(team, desk) == []


def test_a_body_of_unannounced_length_is_cut_off_at_the_limit(team: Team) -> None:
    def drip() -> Iterator[bytes]:
        for _ in range(500):
            yield b"1 2 3 4 5\n" * 1000

    answer = team.http.post(TEST_SPLIT, content=drip(), headers={"Content-Type": "text/plain"})
    problem(answer, 413, "submission-too-large")
    assert team.remaining() == 2


def test_a_connection_cut_in_mid_upload_is_abandoned_and_gives_the_place_back(
    team: Team, desk: Desk, gateway_url: str
) -> None:
    host, port = gateway_url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as line:
        line.sendall(
            b"POST /v1/challenges/tiny/tasks/classification/splits/test/submissions HTTP/1.1\r\n"
            b"Host: here\r\nContent-Type: text/plain\r\nContent-Length: 1000\r\n"
            b"Authorization: Bearer " + team.key.encode() + b"\r\n\r\n1 2 3"
        )
        eventually(lambda: state_of_newest(team, desk) == "open")
    eventually(lambda: state_of_newest(team, desk) == "abandoned")
    eventually(lambda: team.remaining() == 2)
    assert objects_of(team, desk) == []


def test_a_key_without_the_scope_may_not_submit(found: Callable[..., Team]) -> None:
    problem(found(scopes=("read",)).submit(FILE), 403, "scope-missing")


def state_of_newest(team: Team, desk: Desk) -> str | None:
    """The state of the team's newest submission."""
    query = select(SubmissionRow.state).where(SubmissionRow.team_id == team.id)
    with desk.database.begin() as session:
        return session.scalar(query.order_by(SubmissionRow.created_at.desc()).limit(1))


def objects_of(team: Team, desk: Desk) -> list[str]:
    """What S3 keeps for the team."""
    storage: Storage = desk.storage
    return list(storage.keys(keys.SUBMISSIONS, f"{team.id}/"))


@pytest.mark.parametrize("query", [{"method": "a\0b"}, {"description": "\0"}])
def test_a_text_that_cannot_be_kept_is_refused_and_costs_nothing(team: Team, query: dict[str, str]) -> None:
    problem(team.submit(FILE, **query), 400, "text-invalid")
    assert team.remaining() == 2


def test_a_path_that_cannot_be_a_name_is_a_problem_and_not_a_crash(gateway_url: str) -> None:
    answer = httpx.get(f"{gateway_url}/v1/challenges/%00")
    problem(answer, 400, "text-invalid")


def test_an_upload_that_is_under_way_while_a_version_is_published_counts_under_the_new_one(
    team: Team, desk: Desk, operator: Storage, tmp_path: Path
) -> None:
    edition = edition_in(desk, operator, tmp_path)
    edition.publish()

    def body() -> Iterator[bytes]:
        yield FILE[:5]
        edition.revise()
        edition.publish()
        yield FILE[5:]

    answer = edition.submit(team, body())
    evaluation = UUID(answer.json()["submission"]["evaluation"]["id"])
    with desk.database.begin() as session:
        assert session.get_one(EvaluationRow, evaluation).version == 2
