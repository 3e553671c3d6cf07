"""The same bytes for the same judge cost nothing: the earlier result is given instead, and only then."""

import base64
import gzip
import hashlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import update

from services.gateway.desk import Desk
from services.gateway.tables import EvaluationRow
from shared import keys
from shared.report import Report
from shared.storage import Storage
from tests.services.gateway import reports
from tests.services.gateway.answers import TEST_SPLIT, problem
from tests.services.gateway.conftest import Scorer, Team
from tests.services.gateway.editions import Edition, edition_in

FILE = b"1 2 3 4 5\n2\n3\n4\n"


def digest_field(content: bytes) -> str:
    return f"sha-256=:{base64.b64encode(hashlib.sha256(content).digest()).decode()}:"


def first_of(team: Team, **query: str) -> dict[str, Any]:
    """Submit FILE for the first time."""
    answer = team.submit(FILE, **query)
    assert (answer.status_code, answer.json()["reused"]) == (202, False)
    view: dict[str, Any] = answer.json()["submission"]
    return view


def evaluation_of(view: dict[str, Any]) -> UUID:
    return UUID(view["evaluation"]["id"])


def is_reused(answer: httpx.Response, view: dict[str, Any]) -> bool:
    content = answer.json()
    return (answer.status_code, content["reused"], content["submission"]["id"]) == (200, True, view["id"])


@pytest.mark.parametrize("outcome", [None, reports.scored(), reports.rejected()], ids=["queued", "scored", "rejected"])
def test_the_same_bytes_again_give_the_earlier_submission_for_nothing(
    team: Team, scorer: Scorer, desk: Desk, outcome: Report | None
) -> None:
    view = first_of(team, method="mine")
    if outcome:
        scorer.conclude(outcome, evaluation_of(view))
    left = team.remaining()
    for sent in (FILE, gzip.compress(FILE)):
        answer = team.submit(sent, method="another name")
        assert is_reused(answer, view)
        assert answer.json()["submission"]["method"] == "mine"
        assert answer.headers["location"] == f"/v1/submissions/{view['id']}"
        assert f";r={left}" in answer.headers["ratelimit"]
    assert team.remaining() == left
    assert list(desk.storage.keys(keys.SUBMISSIONS, f"{team.id}/")) == [f"{team.id}/{view['id']}"]


def test_what_failed_is_judged_again(team: Team, scorer: Scorer) -> None:
    view = first_of(team)
    scorer.conclude(reports.failed(), evaluation_of(view))
    assert team.submit(FILE).status_code == 202


def test_what_another_version_of_the_scorer_judged_is_judged_again(team: Team, scorer: Scorer, desk: Desk) -> None:
    view = first_of(team)
    scorer.conclude(reports.scored(), evaluation_of(view))
    with desk.database.begin() as session:
        older = update(EvaluationRow).where(EvaluationRow.id == evaluation_of(view)).values(scorer_version="0.0.1")
        session.execute(older)
    assert team.submit(FILE).status_code == 202


def test_other_bytes_labels_splits_and_teams_are_other_submissions(team: Team, found: Callable[..., Team]) -> None:
    first_of(team)
    assert team.submit(FILE, split="validation").status_code == 202
    assert team.submit(FILE, labels="kaggle").status_code == 202
    assert found().submit(FILE).status_code == 202


@pytest.fixture
def edition(desk: Desk, operator: Storage, tmp_path: Path) -> Edition:
    """A challenge that goes into its second version."""
    return edition_in(desk, operator, tmp_path)


def test_a_new_definition_counts_the_earlier_one_once_it_is_judged_anew(team: Team, edition: Edition) -> None:
    """Publishing a version has everything evaluated anew, so the earlier one is under the new definition at once."""
    edition.publish()
    first = edition.submit(team, FILE).json()["submission"]
    edition.revise()
    edition.publish()
    again = edition.submit(team, FILE)
    assert is_reused(again, first)
    assert again.json()["submission"]["evaluation"]["id"] != first["evaluation"]["id"]


def anew(team: Team, scorer: Scorer, edition: Edition, before: Report, after: Report, split: str) -> dict[str, Any]:
    """A submission as it stands when a second version, too, has come to an outcome."""
    edition.publish(split=split)
    view = edition.submit(team, FILE, split).json()["submission"]
    scorer.conclude(before, evaluation_of(view))
    edition.revise()
    edition.publish(split=split)
    address = f"/v1/submissions/{view['id']}"
    scorer.conclude(after, evaluation_of(team.http.get(address).json()))
    found: dict[str, Any] = team.http.get(address).json()
    return found


def test_what_fails_under_a_new_version_keeps_the_one_place_that_it_has(
    team: Team, scorer: Scorer, edition: Edition
) -> None:
    view = anew(team, scorer, edition, reports.scored(), reports.failed(), "test")
    assert (view["evaluation"]["state"], team.remaining()) == ("failed", 1)
    for headers in ({}, {"Repr-Digest": digest_field(FILE)}):
        path = f"/v1/challenges/{edition.name}/tasks/classification/splits/test/submissions"
        assert is_reused(team.http.post(path, content=FILE, headers=headers), view)
    assert team.remaining() == 1


def test_what_fails_under_a_new_version_while_its_first_evaluation_is_under_way_has_its_place_still(
    team: Team, scorer: Scorer, edition: Edition
) -> None:
    edition.publish()
    view = edition.submit(team, FILE).json()["submission"]
    edition.revise()
    edition.publish()
    newest = team.http.get(f"/v1/submissions/{view['id']}").json()
    scorer.conclude(reports.failed(), evaluation_of(newest))
    assert is_reused(edition.submit(team, FILE), view)
    scorer.conclude(reports.failed(), evaluation_of(view))
    assert team.remaining() == 2
    assert edition.submit(team, FILE).status_code == 202


@pytest.mark.parametrize(
    ("before", "split"), [(reports.rejected(), "test"), (reports.scored(), "validation")], ids=["rejected", "open"]
)
def test_what_fails_under_a_new_version_is_judged_again_where_it_has_no_place_or_places_are_no_object(
    team: Team, scorer: Scorer, edition: Edition, before: Report, split: str
) -> None:
    anew(team, scorer, edition, before, reports.failed(), split)
    assert edition.submit(team, FILE, split).status_code == 202


def test_publish_puts_the_earlier_one_on_the_board_and_nothing_takes_it_off(team: Team, scorer: Scorer) -> None:
    view = first_of(team)
    scorer.conclude(reports.scored(), evaluation_of(view))
    for published, expected in (("false", False), ("true", True), ("false", True)):
        assert team.submit(FILE, publish=published).json()["submission"]["published"] is expected


def test_of_equal_uploads_at_once_one_is_spent(team: Team, desk: Desk) -> None:
    """More at once than there are places: those that find none while the others hold theirs are refused, not charged."""
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: team.submit(FILE), range(8)))
    assert [answer.status_code for answer in answers].count(202) == 1
    assert {answer.status_code for answer in answers} <= {200, 202, 429}
    assert team.remaining() == 1
    assert len(list(desk.storage.keys(keys.SUBMISSIONS, f"{team.id}/"))) == 1


def test_a_digest_told_beforehand_is_free_even_when_no_place_is_left(team: Team) -> None:
    """And the body is not needed at all."""
    view = first_of(team)
    team.submit(FILE + b"\n")
    problem(team.submit(FILE), 429, "no-places-left")
    for body in (FILE, b""):
        answer = team.http.post(TEST_SPLIT, content=body, headers={"Repr-Digest": digest_field(FILE)})
        assert is_reused(answer, view)
        assert answer.headers["ratelimit"].startswith('"weekly";r=0;t=')


def test_another_team_s_digest_gives_nothing_away(team: Team, found: Callable[..., Team]) -> None:
    first_of(team)
    answer = found().http.post(TEST_SPLIT, content=b"other", headers={"Repr-Digest": digest_field(FILE)})
    problem(answer, 400, "digest-mismatch")


def test_a_reused_answer_is_replayed_under_its_key(team: Team) -> None:
    view = first_of(team)
    for headers in ({}, {"Repr-Digest": digest_field(FILE)}):
        key = {"Idempotency-Key": uuid4().hex}
        answer, again = (team.http.post(TEST_SPLIT, content=FILE, headers=headers | key) for _ in range(2))
        assert is_reused(answer, view)
        assert (again.status_code, again.content) == (200, answer.content)
        assert again.headers["idempotency-replayed"] == "true"
        problem(team.http.post(TEST_SPLIT, content=b"9", headers=key), 422, "idempotency-mismatch")


PACKED = gzip.compress(FILE, mtime=0)


@pytest.mark.parametrize(
    ("fields", "sent"),
    [
        ({"Repr-Digest": digest_field(FILE)}, FILE),
        ({"Repr-Digest": digest_field(FILE)}, PACKED),
        ({"Repr-Digest": digest_field(PACKED)}, PACKED),
        ({"Content-Digest": digest_field(PACKED)}, PACKED),
        ({"Repr-Digest": "sha-512=:AAAA:, " + digest_field(FILE), "Content-Digest": digest_field(FILE)}, FILE),
        ({"Repr-Digest": "md5=:AAAA:"}, FILE),
    ],
)
def test_a_digest_that_is_true_is_taken(team: Team, fields: dict[str, str], sent: bytes) -> None:
    assert team.http.post(TEST_SPLIT, content=sent, headers=fields).status_code == 202


@pytest.mark.parametrize("field", ["Repr-Digest", "Content-Digest"])
def test_a_digest_that_is_not_true_is_refused_and_costs_nothing(team: Team, desk: Desk, field: str) -> None:
    """In a form, Content-Digest is of the whole body, and Repr-Digest of the file in it. Four, where three are forgiven."""
    wrong = {field: digest_field(b"other")}
    for _ in range(2):
        problem(team.http.post(TEST_SPLIT, content=FILE, headers=wrong), 400, "digest-mismatch")
        problem(team.http.post(TEST_SPLIT, files={"file": FILE}, headers=wrong), 400, "digest-mismatch")
    assert team.remaining() == 2
    assert not list(desk.storage.keys(keys.SUBMISSIONS, f"{team.id}/"))


@pytest.mark.parametrize("value", ["sha-256=abc", "sha-256=:abc:", "sha-256=", f"sha-256=:{'é' * 44}:"])
def test_a_digest_that_is_none_is_refused(team: Team, value: str) -> None:
    headers = httpx.Headers({"Repr-Digest": value}, encoding="latin-1")
    problem(team.http.post(TEST_SPLIT, content=FILE, headers=headers), 400, "digest-malformed")
