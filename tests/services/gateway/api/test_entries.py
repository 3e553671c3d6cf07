"""One entry of two files, one for each criterion: they share a place, and it comes back when neither came to anything."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from services.gateway.desk import Desk
from services.gateway.publish import publish
from shared.report import Report
from shared.storage import Storage
from tests.services.gateway import reports
from tests.services.gateway.conftest import TINY, Scorer, Team
from tests.services.gateway.uploading import ask_to_open, opened
from tests.waiting import eventually

FLAT, HIERARCHICAL = "classification", "classification-hierarchical"


@dataclass(frozen=True, slots=True)
class Criteria:
    """A challenge of two criteria with two places a week, and a team that takes part."""

    name: str
    team: Team
    scorer: Scorer

    def submit(self, task: str, entry: object = None, team: Team | None = None, split: str = "test") -> httpx.Response:
        query = {"publish": "true"} | ({} if entry is None else {"entry": str(entry)})
        path = f"/v1/challenges/{self.name}/tasks/{task}/splits/{split}/submissions"
        body = f"{uuid4().int % 10**9}\n2\n3\n4\n".encode()
        return (team or self.team).http.post(path, content=body, params=query, headers={"Content-Type": "text/plain"})

    def file(self, task: str, entry: object = None) -> dict[str, Any]:
        """A file that is taken."""
        view: dict[str, Any] = self.submit(task, entry).raise_for_status().json()["submission"]
        return view

    def conclude(self, file: dict[str, Any], report: Report) -> None:
        assert self.scorer.conclude(report, UUID(file["evaluation"]["id"]))

    @property
    def remaining(self) -> int:
        return self.team.remaining(f"{self.name}-test")


@pytest.fixture
def criteria(desk: Desk, operator: Storage, tmp_path: Path, found: Callable[..., Team], scorer: Scorer) -> Criteria:
    name = f"criteria-{uuid4().hex[:8]}"
    text = (TINY / "challenge.toml").read_text().replace('"tiny', f'"{name}')
    text = text.replace('kind = "classification"', 'kind = "classification"\nentry = "classification"')
    head, separator, task = text.partition("[tasks.classification]")
    second = (separator + task).replace("tasks.classification", f"tasks.{HIERARCHICAL}")
    (tmp_path / "challenge.toml").write_text(head + separator + task + "\n" + second)
    truths = [
        f"{task}/{split}={TINY / 'truth.txt'}" for task in (FLAT, HIERARCHICAL) for split in ("test", "validation")
    ]
    publish(desk.database, operator, desk.clock, tmp_path, truths, check=False)
    return Criteria(name, found(), scorer)


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def test_two_files_of_one_entry_take_one_place_and_stand_on_a_board_each(criteria: Criteria) -> None:
    first = criteria.file(FLAT)
    second = criteria.file(HIERARCHICAL, first["id"])
    assert (first["entry"], second["entry"]) == (None, first["id"])
    assert criteria.remaining == 1
    for file in (first, second):
        criteria.conclude(file, reports.scored())
    assert criteria.remaining == 1
    for task, file in ((FLAT, first), (HIERARCHICAL, second)):
        board = httpx.get(f"{criteria.scorer.url}/v1/challenges/{criteria.name}/tasks/{task}/splits/test/leaderboard")
        (entry,) = board.json()["entries"]
        assert (entry["submission"], entry["entry"]) == (file["id"], first["id"])
    criteria.file(FLAT)
    assert code(criteria.submit(HIERARCHICAL)) == (429, "no-places-left")


def test_a_file_in_parts_joins_an_entry_and_holds_no_place_of_its_own(criteria: Criteria) -> None:
    first = criteria.file(FLAT)
    place: dict[str, Any] = {"challenge": criteria.name, "task": HIERARCHICAL}
    upload = opened(criteria.team, b"5\n2\n3\n4\n", **place, entry=first["id"], participate=False)
    assert criteria.remaining == 1
    assert (upload.view()["entry"], upload.view()["participate"]) == (first["id"], False)
    assert code(ask_to_open(criteria.team, **place, entry=first["id"])) == (409, "entry-closed")
    second = upload.put_all().complete().raise_for_status().json()["submission"]
    assert (second["entry"], second["participating"], criteria.remaining) == (first["id"], False, 1)
    assert code(ask_to_open(criteria.team, **place, entry=str(uuid4()))) == (404, "no-such-submission")


def test_a_place_that_one_file_needs_stays_though_the_other_is_rejected(criteria: Criteria) -> None:
    first = criteria.file(FLAT)
    second = criteria.file(HIERARCHICAL, first["id"])
    criteria.conclude(first, reports.rejected())
    assert criteria.remaining == 1
    criteria.conclude(second, reports.scored())
    assert criteria.remaining == 1


@pytest.mark.parametrize("last", [reports.rejected, reports.failed])
def test_a_place_comes_back_when_the_last_file_has_come_to_nothing(
    criteria: Criteria, last: Callable[[], Report]
) -> None:
    first = criteria.file(FLAT)
    second = criteria.file(HIERARCHICAL, first["id"])
    criteria.conclude(second, last())
    assert criteria.remaining == 1
    criteria.conclude(first, reports.rejected())
    assert criteria.remaining == 2
    assert code(criteria.submit(HIERARCHICAL, first["id"])) == (409, "entry-closed")


def test_an_upload_that_breaks_off_gives_back_the_place_that_only_it_needed(criteria: Criteria) -> None:
    first = criteria.file(FLAT)
    criteria.conclude(first, reports.scored())
    empty = criteria.team.http.post(
        f"/v1/challenges/{criteria.name}/tasks/{HIERARCHICAL}/splits/test/submissions",
        content=b"",
        params={"entry": first["id"]},
        headers={"Content-Type": "text/plain"},
    )
    assert code(empty) == (400, "submission-empty")
    assert criteria.remaining == 1
    assert criteria.submit(HIERARCHICAL, first["id"]).status_code == 202


def test_a_place_comes_back_though_the_last_file_was_still_on_its_way_when_the_first_was_rejected(
    criteria: Criteria,
) -> None:
    first = criteria.file(FLAT)

    def body() -> Iterator[bytes]:
        yield b"\x1f\x8b"
        eventually(lambda: len(criteria.team.http.get("/v1/submissions").json()["items"]) == 2)
        criteria.conclude(first, reports.rejected())
        assert criteria.remaining == 1
        yield b"not what was announced"

    path = f"/v1/challenges/{criteria.name}/tasks/{HIERARCHICAL}/splits/test/submissions"
    headers = {"Content-Type": "application/gzip", "Authorization": f"Bearer {criteria.team.key}"}
    answer = httpx.post(criteria.scorer.url + path, content=body(), params={"entry": first["id"]}, headers=headers)
    assert code(answer) == (400, "gzip-broken")
    assert criteria.remaining == 2


def test_a_rejected_file_may_be_sent_again_for_the_same_place_and_a_good_one_may_not(criteria: Criteria) -> None:
    first = criteria.file(FLAT)
    criteria.conclude(criteria.file(HIERARCHICAL, first["id"]), reports.rejected())
    again = criteria.file(HIERARCHICAL, first["id"])
    assert criteria.remaining == 1
    criteria.conclude(again, reports.scored())
    assert code(criteria.submit(HIERARCHICAL, first["id"])) == (409, "entry-closed")


def test_a_file_at_chance_level_is_not_forgiven_where_another_shares_its_place(criteria: Criteria) -> None:
    first = criteria.file(FLAT)
    second = criteria.file(HIERARCHICAL, first["id"])
    criteria.conclude(first, reports.at_chance())
    criteria.conclude(second, reports.scored())
    assert criteria.remaining == 1


def test_an_entry_is_joined_by_its_own_team_for_another_criterion_of_the_same_split(
    criteria: Criteria, found: Callable[..., Team]
) -> None:
    first = criteria.file(FLAT)
    second = criteria.file(HIERARCHICAL, first["id"])
    assert code(criteria.submit(FLAT, first["id"])) == (409, "entry-closed")
    assert code(criteria.submit(FLAT, second["id"])) == (409, "entry-differs")
    assert code(criteria.submit(HIERARCHICAL, first["id"], split="validation")) == (409, "entry-differs")
    assert code(criteria.submit(HIERARCHICAL, first["id"], team=found())) == (404, "no-such-submission")
    assert code(criteria.submit(HIERARCHICAL, uuid4())) == (404, "no-such-submission")
    elsewhere = criteria.team.submit(b"1\n2\n3\n4\n", split="validation").json()["submission"]
    assert code(criteria.submit(HIERARCHICAL, elsewhere["id"])) == (409, "entry-differs")
    assert criteria.remaining == 1
