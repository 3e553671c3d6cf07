"""Three ways in, one file: as the body, in a form, as inline JSON; waiting for the outcome in the same call."""

import gzip
import hashlib
import json
import threading
from collections.abc import Callable
from typing import Any
from uuid import UUID

import httpx
import pytest

from services.gateway.api.bodies import FILE_TYPES
from services.gateway.desk import Desk
from shared import keys
from tests.services.gateway import reports
from tests.services.gateway.answers import TEST_SPLIT, problem
from tests.services.gateway.conftest import Scorer, Team
from tests.waiting import eventually

FILE = b"1 2 3 4 5\r\n2\n3\n--not-a-boundary\n4\n"
INLINE = json.dumps({"predictions": [[1, 2, 3, 4, 5], [2], [3], [4]]}).encode()


def send(team: Team, **request: Any) -> dict[str, object]:
    """Submit in any way; the sealed submission."""
    answer = team.http.post(TEST_SPLIT, **request)
    assert answer.status_code == 202, answer.text
    view: dict[str, object] = answer.json()["submission"]
    return view


def stored(team: Team, desk: Desk, view: dict[str, object]) -> bytes:
    """What S3 holds of a submission."""
    return desk.storage.read(keys.SUBMISSIONS, f"{team.id}/{view['id']}", 10**6)


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
def test_raw_body_and_form_store_the_same_bytes(found: Callable[..., Team], desk: Desk, packed: bool) -> None:
    sent = gzip.compress(FILE) if packed else FILE
    ways: list[dict[str, Any]] = [
        {"content": sent, "headers": {"Content-Type": "text/plain"}},
        {"content": sent},
        {"files": {"file": ("predictions.txt", sent, "text/plain")}},
        {"files": {"file": ("x" * 200, sent, "application/whatever")}},
    ]
    for way in ways:
        team = found()
        view = send(team, **way)
        assert stored(team, desk, view) == FILE
        assert view["digest"] == hashlib.sha256(FILE).hexdigest()
        assert view["received_digest"] == hashlib.sha256(sent).hexdigest()


def test_inline_json_is_stored_as_it_is_plain_or_packed(found: Callable[..., Team], desk: Desk) -> None:
    for content, encoding in ((INLINE, "identity"), (gzip.compress(INLINE), "gzip")):
        team, headers = found(), {"Content-Type": "application/json; charset=utf-8", "Content-Encoding": encoding}
        assert stored(team, desk, send(team, content=content, headers=headers)) == INLINE


@pytest.mark.parametrize("media", FILE_TYPES)
def test_every_documented_type_is_taken(team: Team, media: str) -> None:
    send(team, content=FILE, headers={"Content-Type": media})


def test_a_form_larger_than_a_chunk_arrives_whole(team: Team, desk: Desk) -> None:
    content = b"12 345 678 9 10\r\n" * 50_000
    assert stored(team, desk, send(team, files={"file": ("a", content)})) == content


@pytest.mark.parametrize(
    ("request_", "status", "code"),
    [
        ({"files": {"file": ("a", FILE)}, "data": {"method": "mine"}}, 400, "form-field-unknown"),
        ({"files": {"predictions": ("a", FILE)}}, 400, "form-field-unknown"),
        ({"files": [("file", ("a", FILE)), ("file", ("b", FILE))]}, 400, "form-file-repeated"),
        ({"files": {"file": ("a", b"")}}, 400, "submission-empty"),
        ({"files": {"file": ("a", b"1" * 1_000_001)}}, 413, "submission-too-large"),
        ({"content": FILE, "headers": {"Content-Type": "multipart/form-data"}}, 400, "form-broken"),
        ({"content": FILE, "headers": {"Content-Type": "multipart/form-data; boundary=b"}}, 400, "form-broken"),
        ({"content": b"--b\r\n", "headers": {"Content-Type": "multipart/form-data; boundary=b"}}, 400, "form-broken"),
        ({"content": FILE, "headers": {"Content-Type": "multipart/mixed; boundary=b"}}, 415, "media-type-unknown"),
        ({"files": {"file": ("a", FILE)}, "headers": {"Content-Encoding": "gzip"}}, 415, "encoding-unknown"),
        ({"content": FILE, "headers": {"Content-Encoding": "br"}}, 415, "encoding-unknown"),
    ],
)
def test_what_is_no_single_file_is_refused_and_costs_nothing(
    team: Team, desk: Desk, request_: dict[str, Any], status: int, code: str
) -> None:
    answer = team.http.post(TEST_SPLIT, **request_)
    assert problem(answer, status, code)["remedy"]
    assert team.remaining() == 2
    assert not list(desk.storage.keys(keys.SUBMISSIONS, f"{team.id}/"))


def test_with_wait_the_answer_holds_the_outcome(team: Team, scorer: Scorer) -> None:
    """And what the team has left after it: a rejected file's place is back."""
    answers: list[httpx.Response] = []
    asking = threading.Thread(
        target=lambda: answers.append(team.http.post(TEST_SPLIT, content=FILE, params={"wait": 25}))
    )
    asking.start()
    evaluation = eventually(lambda: newest_evaluation(team))
    assert evaluation
    scorer.conclude(reports.rejected(), evaluation)
    asking.join()
    [answer] = answers
    assert answer.status_code == 202
    assert answer.json()["submission"]["evaluation"]["state"] == "rejected"
    assert answer.json()["allowance"]["remaining"] == 2
    assert answer.headers["ratelimit"] == '"weekly";r=2'


def newest_evaluation(team: Team) -> UUID | None:
    """The evaluation of the team's newest submission, once there is one."""
    items = team.http.get("/v1/submissions").json()["items"]
    return UUID(items[0]["evaluation"]["id"]) if items and items[0]["evaluation"] else None


def test_a_wait_that_sees_no_outcome_ends_with_what_there_is(team: Team) -> None:
    answer = team.http.post(TEST_SPLIT, content=FILE, params={"wait": 0.2})
    assert answer.json()["submission"]["evaluation"]["state"] == "queued"


def test_the_docs_offer_a_file_chooser_for_the_form_and_an_example_for_json(gateway_url: str) -> None:
    """Swagger UI shows a chooser where a property of a form is a binary string."""
    document = httpx.get(f"{gateway_url}/openapi.json").json()
    path = "/v1/challenges/{challenge}/tasks/{task}/splits/{split}/submissions"
    content = document["paths"][path]["post"]["requestBody"]["content"]
    assert content["multipart/form-data"]["schema"] == {"$ref": "#/components/schemas/PredictionsForm"}
    [(name, file)] = document["components"]["schemas"]["PredictionsForm"]["properties"].items()
    assert (name, file["type"], file["format"]) == ("file", "string", "binary")
    first = next(iter(content["application/json"]["examples"].values()))
    assert "predictions" in first["value"]
