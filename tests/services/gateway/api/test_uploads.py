"""Uploads in parts: whatever order parts come in, they make the file; what is refused costs nothing and leaves nothing."""

import gzip
import hashlib
import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from services.gateway.desk import Desk
from services.gateway.settings import GatewaySettings
from tests.services.gateway import reports
from tests.services.gateway.answers import problem
from tests.services.gateway.api.test_submit import objects_of
from tests.services.gateway.conftest import Scorer, Team
from tests.services.gateway.uploading import PART_BYTES, Uploading, ask_to_open, opened

FILE = b"1 2 3 4 5\n2\n3\n4\n" * 300
"""Four parts and a bit; nothing here is scored."""


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def test_an_upload_holds_a_place_before_the_first_byte_and_says_what_is_to_come(team: Team) -> None:
    answer = ask_to_open(team, len(FILE), method="in parts", received_digest=sha256(FILE))
    assert answer.status_code == 201
    view = answer.json()
    assert answer.headers["location"] == f"/v1/uploads/{view['id']}"
    assert answer.headers["ratelimit"].startswith('"weekly";r=1;t=')
    assert (view["state"], view["part_bytes"], view["part_count"]) == ("open", PART_BYTES, 5)
    assert view["missing"] == [1, 2, 3, 4, 5]
    assert team.remaining() == 1
    assert [item["id"] for item in team.http.get("/v1/uploads").json()["items"]] == [view["id"]]


def test_the_parts_become_the_submission_and_nothing_of_them_is_left(team: Team, desk: Desk) -> None:
    upload = opened(team, FILE, method="in parts", track="external", labels="kaggle", publish=True).put_all()
    answer = upload.complete(received_digest=sha256(FILE))
    assert answer.status_code == 202, answer.text
    assert answer.headers["location"] == f"/v1/submissions/{upload.id}"
    assert answer.headers["ratelimit"].startswith('"weekly";r=1;t=')
    view = answer.json()["submission"]
    assert (view["id"], view["state"], view["evaluation"]["state"]) == (str(upload.id), "sealed", "queued")
    assert (view["digest"], view["size_bytes"]) == (sha256(FILE), len(FILE))
    said = {name: view[name] for name in ("method", "track", "labels", "published")}
    assert said == {"method": "in parts", "track": "external", "labels": "kaggle", "published": True}
    assert objects_of(team, desk) == [f"{team.id}/{upload.id}"]
    assert (upload.view()["state"], upload.view()["missing"]) == ("sealed", [])


@hypothesis_settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    parts=st.integers(1, 4),
    beyond=st.sampled_from([-1, 0, 1]),
    is_packed=st.booleans(),
    seed=st.randoms(use_true_random=False),
)
def test_parts_in_any_order_and_at_once_are_the_same_as_one_body(
    found: Callable[..., Team], parts: int, beyond: int, is_packed: bool, seed: random.Random
) -> None:
    team, other = found(), found()
    plain = seed.randbytes(parts * PART_BYTES + beyond).replace(b"\x1f", b"1")
    content = gzip.compress(plain, mtime=0) if is_packed else plain
    whole = team.submit(content, split="validation").json()["submission"]
    upload = opened(other, content, split="validation")
    order = list(upload.numbers)
    seed.shuffle(order)
    with ThreadPoolExecutor(4) as pool:
        assert {answer.status_code for answer in pool.map(upload.put, order)} == {200}
    in_parts = upload.complete().json()["submission"]
    told = ("digest", "size_bytes", "received_digest", "received_bytes")
    assert {name: in_parts[name] for name in told} == {name: whole[name] for name in told}
    assert in_parts["digest"] == sha256(plain)


def test_the_same_part_again_is_fine_and_another_content_is_not(team: Team, desk: Desk) -> None:
    upload = opened(team, FILE)
    first = upload.put(2)
    assert first.json() == {"number": 2, "size_bytes": PART_BYTES, "digest": sha256(upload.part(2))}
    assert upload.put(2).json() == first.json()
    problem(upload.put(2, bytes(PART_BYTES)), 409, "part-differs")
    assert upload.view()["parts"] == [first.json()]
    assert len(objects_of(team, desk)) == 1


def test_of_two_contents_of_one_part_at_once_one_counts(team: Team, desk: Desk) -> None:
    upload = opened(team, FILE)
    contents = [bytes([number]) * PART_BYTES for number in range(8)]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda content: upload.put(1, content), contents))
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 7
    kept = next(answer.json()["digest"] for answer in answers if answer.is_success)
    assert objects_of(team, desk) == [f"{team.id}/{upload.id}.parts/1-{kept}"]
    assert [part["digest"] for part in upload.view()["parts"]] == [kept]


@pytest.mark.parametrize(
    ("number", "content", "headers", "status", "code"),
    [
        (1, bytes(PART_BYTES - 1), {}, 409, "part-size-wrong"),
        (1, bytes(PART_BYTES + 1), {}, 409, "part-size-wrong"),
        (5, bytes(PART_BYTES), {}, 409, "part-size-wrong"),
        (1, b"", {}, 409, "part-size-wrong"),
        (6, b"1", {}, 404, "no-such-part"),
        (0, b"1", {}, 422, "request-invalid"),
        (10_001, b"1", {}, 422, "request-invalid"),
        (1, bytes(PART_BYTES), {"Content_Digest": "sha-256=:" + "A" * 43 + "=:"}, 400, "digest-mismatch"),
        (1, bytes(PART_BYTES), {"Content_Digest": "sha-256=:AA==:"}, 400, "digest-malformed"),
        (1, bytes(PART_BYTES), {"Content_Digest": "sha-256=nonsense"}, 400, "digest-malformed"),
        (1, bytes(PART_BYTES), {"Content_Encoding": "gzip"}, 415, "encoding-unknown"),
    ],
)
def test_a_part_that_is_wrong_is_refused_and_not_kept(
    team: Team, desk: Desk, number: int, content: bytes, headers: dict[str, str], status: int, code: str
) -> None:
    upload = opened(team, FILE)
    problem(upload.put(number, content, **headers), status, code)
    assert upload.view()["parts"] == []
    assert objects_of(team, desk) == []


def test_a_part_of_unannounced_length_is_cut_off_at_its_size(team: Team) -> None:
    upload = opened(team, FILE)
    answer = team.http.put(f"{upload.path}/parts/1", content=iter([bytes(PART_BYTES)] * 3))
    problem(answer, 409, "part-size-wrong")
    answer = team.http.put(f"{upload.path}/parts/1", content=iter([upload.part(1)]))
    assert answer.json()["digest"] == sha256(upload.part(1)), "a digest need not be stated"


def test_an_upload_with_a_missing_part_is_not_complete_and_stays_open(team: Team) -> None:
    gap = opened(team, FILE)
    for number in (1, 2, 4):
        gap.put(number)
    told = problem(gap.complete(), 409, "parts-missing")
    assert "2 of 5 parts are not here: 3, 5" in str(told["detail"])
    assert gap.view()["missing"] == [3, 5]
    assert gap.put_all().complete().status_code == 202


def test_an_upload_of_other_bytes_than_meant_is_not_complete_and_stays_open(team: Team, desk: Desk) -> None:
    upload = opened(team, FILE).put_all()
    problem(upload.complete(received_digest="0" * 64), 409, "upload-digest-differs")
    assert upload.view()["state"] == "open"
    assert upload.complete(received_digest=sha256(FILE)).status_code == 202
    announced = opened(team, FILE, received_digest="0" * 64).put_all()
    problem(announced.complete(), 409, "upload-digest-differs")
    assert f"{team.id}/{announced.id}" not in objects_of(team, desk)


def test_asked_again_a_complete_upload_answers_the_same_submission(team: Team) -> None:
    upload = opened(team, FILE).put_all()
    answers = [upload.complete() for _ in range(3)]
    assert {answer.status_code for answer in answers} == {202}
    first, *others = (answer.json()["submission"] for answer in answers)
    assert others == [first, first]
    assert team.remaining() == 1
    problem(upload.put(1), 409, "upload-complete")
    problem(team.http.delete(upload.path), 409, "upload-complete")


def test_of_many_completions_at_once_none_makes_a_second_submission(team: Team) -> None:
    upload = opened(team, FILE * 50, part_bytes=100_000).put_all()
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: upload.complete(), range(6)))
    refused = [answer for answer in answers if not answer.is_success]
    assert len(refused) < 6
    for answer in refused:
        problem(answer, 409, "upload-completing")
    assert [item["id"] for item in team.http.get("/v1/submissions").json()["items"]] == [str(upload.id)]
    assert team.remaining() == 1


def same_bytes(team: Team, **query: str) -> dict[str, Any]:
    """A submission of FILE in one body."""
    view: dict[str, Any] = team.submit(FILE, **query).raise_for_status().json()["submission"]
    return view


def answers_earlier(answer: httpx.Response, earlier: dict[str, Any]) -> None:
    """It must be what an earlier submission came to, for nothing."""
    assert answer.status_code == 200, answer.text
    assert answer.headers["location"] == f"/v1/submissions/{earlier['id']}"
    content = answer.json()
    assert (content["reused"], content["submission"]["id"]) == (True, earlier["id"])
    assert content["allowance"]["remaining"] == 1


@pytest.mark.parametrize("content", [FILE, gzip.compress(FILE)], ids=["plain", "gzip"])
def test_parts_of_bytes_submitted_before_are_that_submission_however_often_it_is_asked(
    team: Team, desk: Desk, content: bytes
) -> None:
    earlier = same_bytes(team, method="in one body")
    upload = opened(team, content, method="in parts", publish=True).put_all()
    assert team.remaining() == 0
    for _ in range(3):
        answers_earlier(upload.complete(), earlier)
    shown = team.http.get(f"/v1/submissions/{earlier['id']}").json()
    assert (shown["method"], shown["published"]) == ("in one body", True)
    assert (upload.view()["state"], upload.view()["submission"]) == ("sealed", earlier["id"])
    assert upload.view()["missing"] == []
    assert [item["id"] for item in team.http.get("/v1/uploads").json()["items"]] == [str(upload.id)]
    assert team.http.get(f"/v1/submissions/{upload.id}").json()["state"] == "abandoned"
    assert objects_of(team, desk) == [f"{team.id}/{earlier['id']}"]
    for refused in (upload.put(1), team.http.delete(upload.path)):
        problem(refused, 409, "upload-complete")


def test_what_it_came_to_does_not_change_when_those_bytes_are_judged_anew(
    team: Team, desk: Desk, scorer: Scorer
) -> None:
    earlier = same_bytes(team)
    upload = opened(team, FILE).put_all()
    answers_earlier(upload.complete(), earlier)
    scorer.conclude(reports.failed(), UUID(earlier["evaluation"]["id"]))
    newer = same_bytes(team)
    assert newer["id"] != earlier["id"], "what failed is judged anew"
    answers_earlier(upload.complete(), earlier)


def test_of_the_same_bytes_in_two_uploads_completed_at_once_one_is_spent(team: Team, desk: Desk) -> None:
    both = [opened(team, FILE).put_all() for _ in range(2)]
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda upload: upload.complete(), both))
    assert sorted(answer.status_code for answer in answers) == [200, 202]
    assert len({answer.json()["submission"]["id"] for answer in answers}) == 1
    assert [upload.complete().json()["submission"]["id"] for upload in both] == [
        answer.json()["submission"]["id"] for answer in answers
    ]
    assert team.remaining() == 1
    assert len(objects_of(team, desk)) == 1


def test_with_a_digest_known_before_nothing_is_opened_even_when_no_place_is_left(team: Team) -> None:
    earlier = same_bytes(team)
    opened(team, FILE[1:])
    assert team.remaining() == 0
    answer = ask_to_open(team, len(FILE), digest=sha256(FILE))
    assert (answer.status_code, answer.json()["reused"]) == (200, True)
    assert answer.json()["submission"]["id"] == earlier["id"]
    assert len(team.http.get("/v1/uploads").json()["items"]) == 1
    problem(ask_to_open(team, len(FILE), digest=sha256(FILE), labels="kaggle"), 429, "no-places-left")


def test_the_list_of_uploads_comes_in_pages(team: Team) -> None:
    ids = [str(opened(team, FILE, split="validation").id) for _ in range(5)]
    seen, cursor = [], None
    for size in (2, 2, 1):
        page = team.http.get("/v1/uploads", params={"limit": 2} | ({"cursor": cursor} if cursor else {})).json()
        assert len(page["items"]) == size
        seen += [item["id"] for item in page["items"]]
        cursor = page["next"]
    assert (seen, cursor) == (ids[::-1], None)


def test_a_completion_that_waits_answers_with_the_outcome(team: Team, scorer: Scorer) -> None:
    upload = opened(team, FILE).put_all()
    scorer.conclude(reports.rejected(), UUID(upload.complete().json()["submission"]["evaluation"]["id"]))
    answer = team.http.post(f"{upload.path}/complete", params={"wait": 5})
    assert answer.json()["submission"]["evaluation"]["state"] == "rejected"


def _bomb() -> bytes:
    return gzip.compress(bytes(20_000_000))


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (gzip.compress(b""), 400, "submission-empty"),
        (_bomb(), 413, "submission-too-large"),
        (gzip.compress(FILE)[:-5], 400, "gzip-broken"),
    ],
    ids=["empty gzip", "bomb", "cut gzip"],
)
def test_a_file_that_is_refused_when_it_is_put_together_spends_nothing_and_leaves_nothing(
    team: Team, desk: Desk, content: bytes, status: int, code: str
) -> None:
    upload = opened(team, content).put_all()
    problem(upload.complete(), status, code)
    problem(upload.complete(), 404, "upload-given-up")
    assert team.http.get(f"/v1/submissions/{upload.id}").json()["state"] == "abandoned"
    assert team.remaining() == 2
    assert objects_of(team, desk) == []


def test_other_decompressed_bytes_than_announced_are_refused(team: Team, desk: Desk) -> None:
    packed = gzip.compress(FILE)
    upload = opened(team, packed, digest=sha256(b"other")).put_all()
    problem(upload.complete(), 400, "digest-mismatch")
    problem(upload.complete(), 404, "upload-given-up")
    assert objects_of(team, desk) == []
    assert opened(team, packed, digest=sha256(FILE)).put_all().complete().status_code == 202


@pytest.mark.parametrize(
    ("said", "status", "code"),
    [
        ({"challenge": "nowhere"}, 404, "no-such-challenge"),
        ({"task": "nothing"}, 404, "no-such-task"),
        ({"split": "never"}, 404, "no-such-split"),
        ({"split": "secret"}, 409, "split-closed"),
        ({"size_bytes": 1_000_001}, 413, "submission-too-large"),
        ({"size_bytes": 0}, 422, "request-invalid"),
        ({"size_bytes": "10"}, 422, "request-invalid"),
        ({"part_bytes": 1023}, 422, "request-invalid"),
        ({"part_bytes": 8 * 2**20 + 1}, 422, "request-invalid"),
        ({"digest": "abc"}, 422, "request-invalid"),
        ({"track": "other"}, 422, "request-invalid"),
        ({"unknown": 1}, 422, "request-invalid"),
        ({"method": "a\0b"}, 400, "text-invalid"),
    ],
)
def test_what_cannot_be_opened_is_refused_and_holds_nothing(
    team: Team, said: dict[str, Any], status: int, code: str
) -> None:
    problem(ask_to_open(team, **said), status, code)
    assert team.remaining() == 2
    assert team.http.get("/v1/uploads").json()["items"] == []


def test_there_is_no_upload_without_a_place(team: Team) -> None:
    for _ in range(2):
        opened(team, FILE)
    answer = ask_to_open(team, len(FILE))
    problem(answer, 429, "no-places-left")
    assert 86_400 < int(answer.headers["retry-after"]) <= 87_000, "the holds run out a little after the uploads"
    assert len(team.http.get("/v1/uploads").json()["items"]) == 2
    assert len(team.http.get("/v1/submissions").json()["items"]) == 2


def test_a_team_has_so_many_uploads_open_and_no_more(team: Team, settings: GatewaySettings) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: ask_to_open(team, split="validation"), range(settings.open_uploads + 5)))
    assert [answer.status_code for answer in answers].count(201) == settings.open_uploads
    refused = problem(ask_to_open(team, split="validation"), 409, "too-many-uploads")
    oldest = str(refused["remedy"]).split("/v1/uploads/")[1].split(" ")[0]
    assert team.http.delete(f"/v1/uploads/{oldest}").status_code == 204
    assert ask_to_open(team, split="validation").status_code == 201


def test_another_team_s_upload_is_missing_whatever_is_done_to_it(found: Callable[..., Team]) -> None:
    theirs = opened(found(), FILE).put_all()
    mine = Uploading(found(), theirs.id, FILE, PART_BYTES)
    for answer in (
        mine.put(1),
        mine.complete(),
        mine.team.http.get(mine.path),
        mine.team.http.delete(mine.path),
        mine.team.http.get(f"/v1/uploads/{uuid4()}"),
    ):
        problem(answer, 404, "no-such-upload")
    assert mine.team.http.get("/v1/uploads").json()["items"] == []
    assert theirs.complete().status_code == 202


def test_a_key_that_may_only_read_may_not_upload(found: Callable[..., Team]) -> None:
    problem(ask_to_open(found(scopes=("read",))), 403, "scope-missing")
    assert found(scopes=("submit",)).http.get("/v1/uploads").status_code == 200


def test_an_upload_that_is_given_up_leaves_nothing_and_gives_its_place_back(team: Team, desk: Desk) -> None:
    upload = opened(team, FILE).put_all()
    assert len(objects_of(team, desk)) == 5
    assert team.http.delete(upload.path).status_code == 204
    assert objects_of(team, desk) == []
    assert team.remaining() == 2
    answers = [upload.put(1), upload.complete(), team.http.get(upload.path), team.http.delete(upload.path)]
    for answer in answers:
        problem(answer, 404, "upload-given-up")
    assert team.http.get("/v1/uploads").json()["items"] == []
    assert objects_of(team, desk) == []


def test_a_method_that_an_address_does_not_take_is_told_those_that_it_does(team: Team) -> None:
    for path, methods in (("/v1/uploads", "GET, HEAD, POST"), (f"/v1/uploads/{uuid4()}", "DELETE, GET, HEAD")):
        answer = team.http.patch(path)
        problem(answer, 405, "method-not-allowed")
        assert answer.headers["allow"] == methods
