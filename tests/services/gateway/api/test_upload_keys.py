"""Opening an upload again under its Idempotency-Key: one upload, one place, one answer."""

import hashlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import update

from services.gateway.actions.submit import abandon
from services.gateway.desk import Desk, open_desk
from services.gateway.store import submissions
from services.gateway.tables import RequestRow, SubmissionRow
from shared.clock import utc_now
from tests.services.gateway.answers import TEST_SPLIT, problem
from tests.services.gateway.conftest import Team
from tests.services.gateway.uploading import PART_BYTES, Uploading

FILE = b"1 2 3 4 5\n2\n3\n4\n" * 300


def ask(team: Team, key: str = "k", **said: Any) -> httpx.Response:
    """Ask for an upload of FILE under a key."""
    place = {"challenge": "tiny", "task": "classification", "split": "test"}
    announced = place | {"size_bytes": len(FILE), "part_bytes": PART_BYTES} | said
    return team.http.post("/v1/uploads", json=announced, headers={"Idempotency-Key": key})


def upload_of(team: Team, answer: httpx.Response) -> Uploading:
    """The upload that was opened."""
    return Uploading(team, UUID(answer.raise_for_status().json()["id"]), FILE, PART_BYTES)


def is_replay(first: httpx.Response, again: httpx.Response) -> bool:
    """Whether `again` says what `first` said, byte for byte, and that it does."""
    said = [(answer.status_code, answer.content, answer.headers["location"]) for answer in (first, again)]
    marked = ["idempotency-replayed" in answer.headers for answer in (first, again)]
    return said[0] == said[1] and marked == [False, True]


def open_uploads(team: Team) -> list[str]:
    """The ids of all that the team's list shows."""
    return [item["id"] for item in team.http.get("/v1/uploads").json()["items"]]


def test_opened_again_it_is_the_same_upload_and_holds_one_place(team: Team) -> None:
    first = ask(team, method="mine")
    assert first.status_code == 201
    upload = upload_of(team, first)
    assert is_replay(first, ask(team, method="mine"))
    upload.put_all()
    again = ask(team, method="mine", part_bytes=PART_BYTES)
    assert is_replay(first, again), "also when parts have come"
    assert again.headers["ratelimit"].startswith('"weekly";r=1;t=')
    assert upload.complete().status_code == 202
    assert is_replay(first, ask(team, method="mine")), "and when it is complete"
    assert open_uploads(team) == [str(upload.id)]
    assert team.remaining() == 1


def test_opened_again_after_it_came_to_an_earlier_submission_it_is_still_the_same_upload(team: Team) -> None:
    earlier = team.submit(FILE).json()["submission"]["id"]
    first = ask(team)
    upload = upload_of(team, first).put_all()
    assert upload.complete().json()["submission"]["id"] == earlier
    assert is_replay(first, ask(team))
    assert open_uploads(team) == [str(upload.id)]
    assert team.remaining() == 1


def test_an_earlier_submission_that_was_the_answer_is_the_answer_again(team: Team) -> None:
    team.submit(FILE)
    first, again = (ask(team, digest=hashlib.sha256(FILE).hexdigest()) for _ in range(2))
    assert (first.status_code, first.json()["reused"]) == (200, True)
    assert is_replay(first, again)
    assert open_uploads(team) == []


@pytest.mark.parametrize(
    "other",
    [
        {"size_bytes": len(FILE) + 1},
        {"part_bytes": 2 * PART_BYTES},
        {"digest": "0" * 64},
        {"received_digest": "0" * 64},
        {"method": "x"},
        {"split": "validation"},
        {"participate": False},
    ],
)
def test_other_words_under_the_same_key_are_refused(team: Team, other: dict[str, Any]) -> None:
    first = ask(team)
    problem(ask(team, **other), 422, "idempotency-mismatch")
    assert is_replay(first, ask(team))
    assert team.remaining() == 1


def test_a_key_stands_for_an_upload_or_a_submission_and_not_for_both(team: Team) -> None:
    ask(team, "upload")
    header = {"Idempotency-Key": "upload"}
    problem(team.http.post(TEST_SPLIT, content=FILE, headers=header), 422, "idempotency-mismatch")
    team.http.post(TEST_SPLIT, content=FILE, headers={"Idempotency-Key": "body"}).raise_for_status()
    problem(ask(team, "body"), 422, "idempotency-mismatch")


def test_a_key_that_is_none_is_refused(team: Team) -> None:
    problem(ask(team, "a b"), 422, "request-invalid")


def test_what_was_refused_or_given_up_leaves_its_key_free(team: Team, desk: Desk) -> None:
    problem(ask(team, split="secret"), 409, "split-closed")
    upload = upload_of(team, ask(team))
    assert team.http.delete(upload.path).status_code == 204
    assert upload_of(team, ask(team)).id != upload.id
    ask(team, "second").raise_for_status()
    problem(ask(team, "third"), 429, "no-places-left")
    with desk.database.begin() as session:
        assert session.get(RequestRow, (team.id, "third")) is None


def test_of_many_who_open_it_at_once_one_does(team: Team) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: ask(team), range(16)))
    for answer in answers:
        if not answer.is_success:
            problem(answer, 409, "idempotency-running")
            assert int(answer.headers["retry-after"]) >= 1
    assert len({answer.content for answer in answers if answer.is_success}) == 1
    assert len(open_uploads(team)) == 1
    assert team.remaining() == 1


@pytest.fixture
def late_desk(desk: Desk) -> Iterator[Desk]:
    """A desk two minutes from now."""
    with closing(open_desk(desk.settings, "late", lambda: utc_now() + timedelta(minutes=2))) as late:
        yield late


def test_an_upload_whose_gateway_died_while_it_was_opened_leaves_its_key_free_after_a_minute(
    team: Team, desk: Desk, late_desk: Desk
) -> None:
    upload = upload_of(team, ask(team))
    with desk.database.begin() as session:
        # As it is before its place is held.
        session.execute(update(RequestRow).where(RequestRow.team_id == team.id).values(answer=None))
        row = session.get_one(SubmissionRow, upload.id)
        row.deadline_at = row.created_at + timedelta(seconds=60)
    problem(ask(team), 409, "idempotency-running")
    with late_desk.database.begin() as session:
        overdue = {row.id for row in submissions.overdue(session, late_desk.clock(), 1000)}
    assert upload.id in overdue
    abandon(late_desk, upload.id)
    assert upload_of(team, ask(team)).id != upload.id
    assert team.remaining() == 1
