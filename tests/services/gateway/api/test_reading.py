"""Reading: challenges, my submissions page by page, the board with ranges, and the same for people."""

import re
from collections.abc import Callable
from uuid import UUID

import httpx
import pytest

from tests.services.gateway import reports
from tests.services.gateway.conftest import Scorer, Team

FILE = b"1\n2\n3\n4\n"


def test_a_challenge_is_shown_with_its_splits_and_whether_they_are_open(gateway_url: str, tiny: str) -> None:
    challenge = httpx.get(f"{gateway_url}/v1/challenges/{tiny}").json()
    [task] = challenge["tasks"]
    assert {split["name"]: split["open"] for split in task["splits"]} == {
        "test": True,
        "validation": True,
        "secret": False,
    }
    assert httpx.get(f"{gateway_url}/v1/challenges/{tiny}/tasks/classification").json() == task
    assert challenge in httpx.get(f"{gateway_url}/v1/challenges").json()


def test_a_task_s_sample_is_a_file_with_a_name_of_its_own(gateway_url: str, tiny: str) -> None:
    task = f"{gateway_url}/v1/challenges/{tiny}/tasks/classification"
    sample = httpx.get(f"{task}/sample")
    assert sample.text == httpx.get(task).json()["sample"]
    assert sample.headers["content-type"] == "text/plain; charset=utf-8"
    assert sample.headers["content-disposition"] == 'attachment; filename="tiny-classification-sample.txt"'


def test_pages_of_submissions_join_without_gap_or_double_while_new_ones_arrive(team: Team) -> None:
    sent = [team.submit(FILE + b"\n" * n, split="validation").json()["submission"]["id"] for n in range(5)]
    page = team.http.get("/v1/submissions", params={"limit": 2}).json()
    seen = [item["id"] for item in page["items"]]
    team.submit(b"9\n" * 4, split="validation")
    while page["next"]:
        page = team.http.get("/v1/submissions", params={"limit": 2, "cursor": page["next"]}).json()
        seen += [item["id"] for item in page["items"]]
    assert seen == sent[::-1]


@pytest.mark.parametrize(
    "cursor", ["", "nonsense", "1.", "-1.7a6f3f0e6a0e4a8e9c0e0d9d6f1f2b11", "é", f"{10**17}.{'0' * 32}"]
)
def test_a_cursor_that_is_not_ours_is_refused(team: Team, cursor: str) -> None:
    answer = team.http.get("/v1/submissions", params={"cursor": cursor})
    assert (answer.status_code, answer.json()["code"]) == (400, "cursor-invalid")


def test_the_board_holds_published_scores_in_order_with_shared_ranges(
    found: Callable[..., Team], scorer: Scorer, gateway_url: str
) -> None:
    path = "/challenges/tiny/tasks/classification/splits/validation"
    published = {}
    for error, publish in ((0.50, "true"), (0.11, "true"), (0.10, "true"), (0.05, "false")):
        team = found()
        view = team.submit(FILE, split="validation", publish=publish, method=f"at {error}").json()["submission"]
        scorer.conclude(reports.scored(error, margin=0.03), UUID(view["evaluation"]["id"]))
        published[view["id"]] = team.name
    board = httpx.get(f"{gateway_url}/v1{path}/leaderboard").json()
    ours = [entry for entry in board["entries"] if entry["submission"] in published]
    assert [entry["value"] for entry in ours] == [0.10, 0.11, 0.50]
    assert ours[0]["rank_range"] == ours[1]["rank_range"]
    assert ours[2]["rank_range"][0] > ours[1]["rank"]
    assert board["order"] == "ascending"
    page = httpx.get(f"{gateway_url}/challenges/tiny/classification/validation").text
    assert page.index("at 0.1<") < page.index("at 0.11<") < page.index("at 0.5<")
    assert "at 0.05<" not in page
    entry = httpx.get(f"{gateway_url}/challenges/tiny/classification/validation/entries/{ours[0]['submission']}")
    assert entry.status_code == 200
    assert "0.10000" in entry.text


def test_a_name_with_markup_is_shown_as_text(found: Callable[..., Team], scorer: Scorer, gateway_url: str) -> None:
    team = found()
    view = team.submit(FILE, split="validation", publish="true", method="<script>alert(1)</script>").json()[
        "submission"
    ]
    scorer.conclude(reports.scored(0.9), UUID(view["evaluation"]["id"]))
    page = httpx.get(f"{gateway_url}/challenges/tiny/classification/validation").text
    assert "&lt;script&gt;alert(1)" in page
    assert "<script>" not in page


def test_a_page_may_run_nothing_and_load_nothing_from_elsewhere(gateway_url: str, tiny: str) -> None:
    for path in ("/", f"/challenges/{tiny}", f"/challenges/{tiny}/classification", "/docs"):
        answer = httpx.get(gateway_url + path)
        rules = dict(rule.split(maxsplit=1) for rule in answer.headers["content-security-policy"].split("; "))
        assert rules["default-src"] == "'none'"
        assert rules.get("script-src") == ("'self'" if path == "/docs" else None)
        assert not re.findall(r"(?:src|href)=\"(?:https?:)?//", answer.text)


def test_a_task_without_a_table_of_synsets_offers_no_numberings(gateway_url: str, tiny: str) -> None:
    page = httpx.get(f"{gateway_url}/challenges/{tiny}/classification").text
    assert "--data-binary" in page
    assert "labels=" not in page


def test_the_assets_of_the_docs_come_packed(gateway_url: str) -> None:
    answer = httpx.get(f"{gateway_url}/docs/assets/swagger-ui-bundle.js", headers={"Accept-Encoding": "gzip"})
    assert answer.headers["content-encoding"] == "gzip"
    assert "SwaggerUIBundle" in answer.text


def test_pages_that_are_not_there_are_problems(gateway_url: str) -> None:
    for path in ("/challenges/nowhere", "/challenges/tiny/never", "/challenges/tiny/classification/never"):
        assert httpx.get(gateway_url + path).status_code == 404
