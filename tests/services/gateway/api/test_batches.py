"""A manifest of many models: taken or refused one by one, once, and compared with what is claimed."""

import asyncio
import dataclasses
import gzip
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import func, select, update

from services.gateway.actions.batches import AT_ONCE, post
from services.gateway.actions.overdue import give_up_overdue
from services.gateway.desk import Desk
from services.gateway.manifests.reading import read
from services.gateway.store import challenges, line
from services.gateway.store.challenges import Venue
from services.gateway.tables import BatchRow, SubmissionRow
from shared import keys
from shared.storage import Storage
from tests.services.gateway import reports
from tests.services.gateway.answers import problem
from tests.services.gateway.conftest import Scorer, Team
from tests.services.gateway.editions import edition_in
from tests.services.gateway.posting import announced, evaluation_of, file, inline, manifest, now, posted, put, states


def submissions_of(desk: Desk, team: Team) -> int:
    with desk.database.begin() as session:
        mine = select(func.count()).where(SubmissionRow.team_id == team.id, SubmissionRow.state == "sealed")
        return session.scalar(mine) or 0


def validation(desk: Desk) -> Venue:
    with desk.database.begin() as session:
        return challenges.venue(session, "tiny", "classification", "validation")


def test_inline_models_are_submitted_files_are_wanted_and_a_wrong_model_is_refused_by_its_place(team: Team) -> None:
    wrong = {"name": "c", "predictions": [[1]], "colour": "red", "claimed": {"top_5_error": "low"}}
    batch = posted(team, manifest(inline(1), announced(file(2), "b", revision="2"), wrong))
    assert states(batch) == ["queued", "wanted", "refused"]
    assert (batch["finished"], batch["counts"]) == (False, {"queued": 1, "wanted": 1, "refused": 1})
    taken, wanted, refused = batch["models"]
    submission = team.http.get(taken["submission"]["url"]).json()
    assert (submission["method"], submission["digest"]) == ("model 1", taken["sha256"])
    assert wanted["upload"]["url"] == f"/v1/batches/{batch['id']}/models/1/file"
    assert (refused["problem"]["code"], refused["problem"]["status"]) == ("model-invalid", 422)
    assert [fault["pointer"] for fault in refused["problem"]["errors"]] == [
        "/models/2/claimed/top_5_error",
        "/models/2/colour",
    ]
    assert refused["upload"] is None


def test_a_file_that_is_wanted_is_put_plain_or_packed_and_once(team: Team, desk: Desk) -> None:
    batch = posted(team, manifest(announced(file(1), "a"), announced(file(2), "b", revision="r2")))
    for index, sent in ((0, file(1)), (1, gzip.compress(file(2)))):
        first, again = (put(team, batch, index, sent).raise_for_status().json() for _ in range(2))
        assert first["state"] == "queued"
        assert again == first
    method = team.http.get(now(team, batch)["models"][1]["submission"]["url"]).json()["method"]
    assert (method, submissions_of(desk, team)) == ("b@r2", 2)


def test_other_bytes_than_the_manifest_announces_are_refused_and_the_model_stays_wanted(team: Team, desk: Desk) -> None:
    batch = posted(team, manifest(announced(file(1), "a")))
    problem(put(team, batch, 0, file(2)), 400, "digest-mismatch")
    (model,) = now(team, batch)["models"]
    assert (model["state"], model["problem"]["code"]) == ("wanted", "digest-mismatch")
    assert not list(desk.storage.keys(keys.SUBMISSIONS, f"{team.id}/"))
    assert put(team, batch, 0, file(1)).json()["problem"] is None


def test_the_same_manifest_is_the_same_batch_however_it_is_written(team: Team, desk: Desk) -> None:
    content = manifest(inline(1, description="one"), announced(file(2), "b", file="b.txt"))
    batch = posted(team, content)
    put(team, batch, 1, file(2))
    content["models"][1]["file"] = "another name.txt"
    again = posted(team, dict(reversed(content.items())), status=200)
    assert again == now(team, batch)
    assert submissions_of(desk, team) == 2
    content["models"][0]["description"] = "two"
    other = posted(team, content)
    assert other["id"] != batch["id"]
    assert [(model["known"], model["submission"]) for model in other["models"]] == [
        (True, model["submission"]) for model in again["models"]
    ]
    assert submissions_of(desk, team) == 2


def test_the_same_manifest_from_two_clients_at_once_is_one_batch_with_each_model_once(team: Team, desk: Desk) -> None:
    content = manifest(*(inline(number) for number in range(20)))
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda _: team.http.post("/v1/batches", json=content), range(2)))
    assert sorted(answer.status_code for answer in answers) == [200, 201]
    first, second = (answer.json() for answer in answers)
    assert first["id"] == second["id"]
    assert set(states(now(team, first))) == {"queued"}
    assert submissions_of(desk, team) == 20


def test_bytes_that_were_scored_before_are_known_without_an_upload(team: Team, scorer: Scorer) -> None:
    earlier = team.submit(file(7), "validation").json()["submission"]
    scorer.conclude(reports.scored(0.25), UUID(earlier["evaluation"]["id"]))
    claimed = {"top_5_error": 0.3, "top_1_error": 1}
    batch = posted(team, manifest(announced(file(7), "again", claimed=claimed)))
    (model,) = batch["models"]
    assert (batch["finished"], model["known"], model["submission"]["id"]) == (True, True, earlier["id"])
    assert model["claims"]["top_5_error"] == {
        "claimed": 0.3,
        "score": 0.25,
        "difference": -0.05,
        "reproduced": True,
        "problem": None,
    }
    assert model["reproduced"] is True


@pytest.mark.parametrize(
    ("claimed", "tolerance", "reproduced"),
    [("0.250", None, True), ("0.251", None, False), (0.251, 0.001, True), ("0.2", None, True), ("0.20", None, False)],
)
def test_a_claim_is_held_against_the_score(
    team: Team, scorer: Scorer, claimed: Any, tolerance: float | None, reproduced: bool
) -> None:
    batch = posted(team, manifest(inline(5, claimed={"top_5_error": claimed}), tolerance=tolerance))
    (waiting,) = batch["models"]
    assert (waiting["reproduced"], waiting["claims"]["top_5_error"]["reproduced"]) == (None, None)
    scorer.conclude(reports.scored(0.25), evaluation_of(team, waiting))
    (model,) = now(team, batch)["models"]
    assert model["claims"]["top_5_error"]["reproduced"] is model["reproduced"] is reproduced


def test_a_claim_about_a_metric_that_the_task_does_not_report_is_refused_by_name(team: Team, scorer: Scorer) -> None:
    batch = posted(team, manifest(inline(5, claimed={"top_6_error": 0.1, "top_5_error": 0.25})))
    scorer.conclude(reports.scored(0.25), evaluation_of(team, batch["models"][0]))
    (model,) = now(team, batch)["models"]
    assert model["state"] == "scored"
    unknown = model["claims"]["top_6_error"]
    assert (unknown["reproduced"], unknown["problem"]["code"]) == (False, "claim-unknown-metric")
    assert "'top_6_error'" in unknown["problem"]["detail"]
    assert model["claims"]["top_5_error"]["reproduced"] is True
    assert model["reproduced"] is False


def test_on_a_limited_split_those_beyond_the_allowance_are_refused_one_by_one(team: Team) -> None:
    batch = posted(team, manifest(*(inline(number) for number in range(4)), inline(1, name="1 again"), split="test"))
    assert states(batch) == ["queued", "queued", "refused", "refused", "queued"]
    for model in batch["models"][2:4]:
        assert (model["problem"]["code"], model["problem"]["status"]) == ("no-places-left", 429)
        assert model["problem"]["next_free_at"].endswith("Z")
    assert (batch["models"][4]["known"], batch["models"][4]["same_as"]) == (True, 1)
    assert team.remaining() == 0


def test_a_file_beyond_the_allowance_is_refused_and_wanted_anew_when_the_manifest_comes_again(team: Team) -> None:
    content = manifest(*(announced(file(number), f"{number}") for number in range(3)), split="test")
    batch = posted(team, content)
    answers = [put(team, batch, number, file(number)) for number in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert states(now(team, batch)) == ["queued", "queued", "refused"]
    assert states(posted(team, content, status=200)) == ["queued", "queued", "wanted"]


def test_models_that_find_no_room_stay_wanted_and_are_taken_when_the_manifest_comes_again(
    team: Team, desk: Desk
) -> None:
    content = manifest(*(inline(number) for number in range(12)))
    poor = dataclasses.replace(desk, settings=desk.settings.model_copy(update={"open_evaluations": 3}))
    begun = asyncio.run(post(poor, team.id, validation(desk), read(json.dumps(content).encode())))
    batch = now(team, {"id": begun.batch})
    # Counted when an upload begins: those that are under way at once may go beyond it.
    assert 3 <= batch["counts"]["queued"] <= 3 + AT_ONCE
    assert (batch["counts"]["wanted"], batch["finished"]) == (12 - batch["counts"]["queued"], False)
    waiting = [model for model in batch["models"] if model["state"] == "wanted"]
    assert {model["problem"]["code"] for model in waiting} == {"too-many-open"}
    assert min(model["problem"]["retry_after_seconds"] for model in waiting) >= 1
    assert states(posted(team, content, status=200)) == ["queued"] * 12


def test_models_that_a_request_has_no_time_for_stay_wanted_and_are_taken_by_the_next(team: Team, desk: Desk) -> None:
    content = manifest(*(inline(number) for number in range(3)))
    begun = asyncio.run(post(desk, team.id, validation(desk), read(json.dumps(content).encode()), taking_seconds=0))
    batch = now(team, {"id": begun.batch})
    assert {model["problem"]["code"] for model in batch["models"]} == {"model-not-reached"}
    assert states(batch) == ["wanted"] * 3
    assert states(posted(team, content, status=200)) == ["queued"] * 3


def test_a_file_that_two_send_at_once_is_one_submission(team: Team, desk: Desk) -> None:
    batch = posted(team, manifest(announced(file(1), "a")))
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: put(team, batch, 0, file(1)), range(4)))
    assert {answer.status_code for answer in answers} <= {200, 409}
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} <= {"model-taken"}
    assert states(now(team, batch)) == ["queued"]
    assert submissions_of(desk, team) == 1


def test_a_batch_delays_another_team_s_first_file_by_one(team: Team, found: Callable[..., Team], desk: Desk) -> None:
    batch = posted(team, manifest(*(inline(number) for number in range(10))))
    other = UUID(found().submit(file(1), "validation").json()["submission"]["evaluation"]["id"])
    with desk.database.begin() as session:
        order = [waiting.evaluation for waiting in line.in_order(session, 100_000)]
    its = sorted(order.index(evaluation_of(team, model)) for model in batch["models"])
    assert order.index(other) < its[2]


def test_what_failed_on_our_side_is_submitted_anew_when_the_manifest_comes_again(team: Team, scorer: Scorer) -> None:
    content = manifest(inline(1), announced(file(2), "b"))
    batch = posted(team, content)
    put(team, batch, 1, file(2))
    for model in now(team, batch)["models"]:
        scorer.conclude(reports.failed(), evaluation_of(team, model))
    assert states(now(team, batch)) == ["failed", "failed"]
    again = posted(team, content, status=200)
    assert states(again) == ["queued", "wanted"]
    assert again["models"][0]["submission"]["id"] != batch["models"][0]["submission"]["id"]


def test_what_was_scored_and_fails_under_a_new_version_is_neither_wanted_nor_charged_again(
    team: Team, scorer: Scorer, desk: Desk, operator: Storage, tmp_path: Path
) -> None:
    edition = edition_in(desk, operator, tmp_path)
    edition.publish()
    content = manifest(inline(1), announced(file(2), "b"), split="test", challenge=edition.name)
    batch = posted(team, content)
    put(team, batch, 1, file(2))
    for model in now(team, batch)["models"]:
        scorer.conclude(reports.scored(), evaluation_of(team, model))
    edition.revise()
    edition.publish()
    for model in now(team, batch)["models"]:
        scorer.conclude(reports.failed(), evaluation_of(team, model))
    assert states(now(team, batch)) == ["failed", "failed"]
    assert states(posted(team, content, status=200)) == ["failed", "failed"]
    assert put(team, batch, 1, file(2)).json()["state"] == "failed"
    assert (submissions_of(desk, team), team.remaining()) == (2, 0)


def test_a_model_that_never_comes_is_given_up_and_can_be_wanted_anew(team: Team, desk: Desk) -> None:
    content = manifest(announced(file(1), "late"))
    batch = posted(team, content)
    past = desk.clock() - timedelta(seconds=1)
    with desk.database.begin() as session:
        session.execute(update(BatchRow).where(BatchRow.id == UUID(batch["id"])).values(wanted_until=past))
    assert give_up_overdue(desk, 1000) >= 1
    given_up = now(team, batch)
    assert (given_up["finished"], given_up["models"][0]["problem"]["code"]) == (True, "model-never-came")
    assert states(posted(team, content, status=200)) == ["wanted"]


def test_a_name_and_revision_is_told_when_it_comes_twice_and_not_doubled(team: Team, desk: Desk) -> None:
    batch = posted(team, manifest(inline(1), inline(1), inline(2, name="model 1"), inline(3, revision="2")))
    assert states(batch) == ["queued", "refused", "refused", "queued"]
    assert {model["problem"]["code"] for model in batch["models"][1:3]} == {"model-repeated"}
    assert "model 0" in batch["models"][1]["problem"]["detail"]
    assert submissions_of(desk, team) == 2


def test_a_form_brings_the_manifest_and_its_files(team: Team) -> None:
    content = manifest(*(announced(file(number), f"{number}", file=f"{number}.txt") for number in range(3)))
    parts = [("manifest", json.dumps(content).encode())]
    parts += [(f"{number}.txt", file(number)) for number in (1, 0)]
    answer = team.http.post("/v1/batches", files=[(name, (name, sent)) for name, sent in parts])
    assert answer.status_code == 201, answer.text
    assert states(answer.json()) == ["queued", "queued", "wanted"]
    stray = team.http.post("/v1/batches", files=[parts[0], ("9.txt", b"1\n")])
    problem(stray, 400, "form-file-unknown")
    problem(team.http.post("/v1/batches", files=[*parts, parts[1]]), 400, "form-file-repeated")
    problem(team.http.post("/v1/batches", files=[parts[1], parts[0]]), 400, "form-manifest-missing")


def in_form(team: Team, content: dict[str, Any], **files: bytes) -> httpx.Response:
    parts = {"manifest": json.dumps(content).encode()} | files
    return team.http.post("/v1/batches", files=[(name, (name, sent)) for name, sent in parts.items()])


def test_models_that_share_a_file_of_a_form_are_sent_it_once(team: Team, desk: Desk) -> None:
    models = [announced(file(1), name, file="shared") for name in ("a", "b")]
    batch = in_form(team, manifest(*models), shared=file(1)).raise_for_status().json()
    assert (states(batch), submissions_of(desk, team)) == (["queued", "queued"], 1)
    assert [model["known"] for model in batch["models"]] == [False, True]


@pytest.mark.parametrize("second", [announced(file(2), "b"), announced(file(1), "b", labels="wnid")])
def test_models_that_name_one_file_of_a_form_and_mean_another_are_refused_by_their_places(
    team: Team, second: dict[str, Any]
) -> None:
    content = manifest(announced(file(1), "a", file="shared"), second | {"file": "shared"})
    told = problem(in_form(team, content, shared=file(1)), 422, "manifest-invalid")
    assert isinstance(told["errors"], list)
    assert [(fault["pointer"], fault["line"]) for fault in told["errors"]] == [("/models/1/file", 1)]
    assert "models 0 and 1" in str(told["detail"])
    assert team.http.get("/v1/batches").json()["items"] == []
    assert states(posted(team, content)) == ["wanted", "wanted"]


def test_a_large_file_may_come_in_parts(team: Team) -> None:
    content = file(3) + b"\n" * 1500
    batch = posted(team, manifest(announced(content, "large", publish=True)))
    place = {"challenge": "tiny", "task": "classification", "split": "validation"}
    said = place | {"size_bytes": len(content), "part_bytes": 1024, "batch": batch["id"], "index": 0}
    key = {"Idempotency-Key": uuid4().hex}
    upload = team.http.post("/v1/uploads", json=said, headers=key).raise_for_status().json()
    assert team.http.post("/v1/uploads", json=said, headers=key).json() == upload
    assert (upload["method"], upload["digest"], upload["publish"]) == ("large", batch["models"][0]["sha256"], True)
    assert states(now(team, batch)) == ["uploading"]
    problem(put(team, batch, 0, content), 409, "model-taken")
    problem(team.http.post("/v1/uploads", json=said), 409, "model-taken")
    for number in (1, 2):
        part = content[1024 * (number - 1) : 1024 * number]
        team.http.put(f"/v1/uploads/{upload['id']}/parts/{number}", content=part).raise_for_status()
    team.http.post(f"/v1/uploads/{upload['id']}/complete").raise_for_status()
    assert states(now(team, batch)) == ["queued"]
    again = team.http.post("/v1/uploads", json=said)
    assert (again.status_code, again.json()["submission"]["id"]) == (200, upload["id"])
    problem(team.http.post("/v1/uploads", json=said | {"split": "test"}), 409, "batch-differs")
    problem(team.http.post("/v1/uploads", json={**said, "index": None}), 422, "request-invalid")


def test_an_upload_in_parts_that_is_given_up_leaves_its_model_wanted(team: Team) -> None:
    batch = posted(team, manifest(announced(file(3), "a")))
    said = {"challenge": "tiny", "task": "classification", "split": "validation", "size_bytes": len(file(3))}
    upload = team.http.post("/v1/uploads", json=said | {"batch": batch["id"], "index": 0}).json()
    team.http.delete(f"/v1/uploads/{upload['id']}").raise_for_status()
    assert states(now(team, batch)) == ["wanted"]
    assert put(team, batch, 0, file(3)).json()["state"] == "queued"


MANIFESTS = {
    "no JSON": (b'{"challenge": "tiny",\n "models": [{]}', 422, "manifest-unreadable", (2, 14)),
    "no UTF-8": (b'{"challenge": "\xff"}', 422, "manifest-unreadable", (1, 16)),
    "no models": (b'{"challenge": "tiny", "task": "classification", "split": "test"}', 422, "manifest-invalid", (1, 1)),
    "an unknown field": (
        b'{"challenge": "tiny", "task": "classification", "split": "test",\n"colour": 1, "models": [{}]}',
        422,
        "manifest-invalid",
        (2, 11),
    ),
}


@pytest.mark.parametrize(("content", "status", "code", "place"), MANIFESTS.values(), ids=list(MANIFESTS))
def test_a_manifest_that_cannot_be_read_is_refused_whole_with_line_and_column(
    team: Team, content: bytes, status: int, code: str, place: tuple[int, int]
) -> None:
    told = problem(team.http.post("/v1/batches", content=content), status, code)
    errors = told["errors"]
    assert isinstance(errors, list)
    assert (errors[0]["line"], errors[0]["column"]) == place
    assert team.http.get("/v1/batches").json()["items"] == []


def test_a_manifest_for_nowhere_is_refused_whole(team: Team) -> None:
    problem(team.http.post("/v1/batches", json=manifest(inline(1)) | {"challenge": "none"}), 404, "no-such-challenge")
    problem(team.http.post("/v1/batches", json=manifest(inline(1), split="none")), 404, "no-such-split")
    problem(team.http.post("/v1/batches", json=manifest(inline(1), split="secret")), 409, "split-closed")
    models = [announced(file(1), f"{number}") for number in range(1001)]
    problem(team.http.post("/v1/batches", json=manifest(*models)), 413, "too-many-models")
    assert team.http.get("/v1/batches").json()["items"] == []


def test_batches_are_listed_new_to_old_and_belong_to_their_team(team: Team, found: Callable[..., Team]) -> None:
    made = [posted(team, manifest(announced(file(number), f"{number}")))["id"] for number in range(3)]
    page = team.http.get("/v1/batches", params={"limit": 2}).json()
    rest = team.http.get("/v1/batches", params={"limit": 2, "cursor": page["next"]}).json()
    assert [item["id"] for item in (*page["items"], *rest["items"])] == made[::-1]
    assert (page["items"][0]["counts"], rest["next"]) == ({"wanted": 1}, None)
    stranger = found()
    for path in ("", "/events"):
        problem(stranger.http.get(f"/v1/batches/{made[0]}{path}"), 404, "no-such-batch")
    problem(put(stranger, {"id": made[0]}, 0, file(0)), 404, "no-such-batch")
    problem(put(team, {"id": made[0]}, 1, file(0)), 404, "no-such-model")
    reader = found(scopes=("read",))
    problem(reader.http.post("/v1/batches", json=manifest(inline(1))), 403, "scope-missing")
