"""Scores are taken away in every form, from a submission, a team's own and a board; and a page leads there."""

import csv
import io
from collections.abc import Callable
from uuid import UUID, uuid4

import httpx
import pytest
import yaml
from sqlalchemy import delete, select

from services.gateway.desk import Desk
from services.gateway.tables import EvaluationRow
from tests.services.gateway import reports
from tests.services.gateway.conftest import Scorer, Team
from tests.services.gateway.taking import PLACE, concluded, sent


def path(submission: object) -> str:
    return f"/v1/submissions/{submission}/export"


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


@pytest.fixture
def published(team: Team, scorer: Scorer) -> str:
    """A submission on the board."""
    return concluded(team, scorer, method="ResNet@v2", publish=True)


def test_one_score_as_json_tells_what_it_was_judged_by(team: Team, published: str, gateway_url: str) -> None:
    view = httpx.get(gateway_url + path(published)).raise_for_status().json()
    assert (view["team"], view["method"], view["family"], view["revision"]) == (team.name, "ResNet@v2", "ResNet", "v2")
    metric = view["metrics"]["top_5_error"]
    assert (metric["value"], metric["text"]) == (0.25, "25.00 % [15.00, 35.00]")
    evaluation = team.http.get(f"/v1/submissions/{published}").json()["evaluation"]
    assert metric["intervals"] == evaluation["intervals"]["top_5_error"]
    assert httpx.get(view["url"].replace(view["url"].split("/challenges")[0], gateway_url)).status_code == 200


@pytest.mark.parametrize(
    ("form", "media", "content"),
    [
        ("csv", "text/csv", ",ResNet@v2,ResNet,v2,"),
        ("latex", "text/x-latex", "ResNet@v2 & $25.00\\,[15.00, 35.00]$ \\\\"),
        ("markdown", "text/markdown", "| ResNet@v2 | 25.00 [15.00, 35.00] |"),
        ("model-index", "application/yaml", 'name: "ResNet"'),
    ],
)
def test_a_form_is_named_or_accepted(published: str, gateway_url: str, form: str, media: str, content: str) -> None:
    named = httpx.get(gateway_url + path(published), params={"format": form})
    accepted = httpx.get(gateway_url + path(published), headers={"Accept": media})
    assert named.content == accepted.content
    assert content in named.text
    assert named.headers["content-type"].split(";")[0] == media
    assert accepted.headers["vary"] == "Accept, Authorization"
    again = httpx.get(named.url, headers={"If-None-Match": named.headers["etag"]})
    assert again.status_code == 304


def test_hugging_face_s_forms_name_the_entry_s_page(published: str, gateway_url: str) -> None:
    card = yaml.safe_load(httpx.get(gateway_url + path(published), params={"format": "model-index"}).text)
    source = card["model-index"][0]["results"][0]["source"]
    assert source["url"].endswith(f"/challenges/tiny/classification/validation/entries/{published}")
    query = {"format": "eval-results", "dataset": "owner/tiny"}
    (entry,) = yaml.safe_load(httpx.get(gateway_url + path(published), params=query).text)
    assert (entry["dataset"]["id"], entry["value"]) == ("owner/tiny", 0.25)
    del query["dataset"]
    answer = httpx.get(gateway_url + path(published), params=query)
    assert (answer.status_code, answer.json()["code"]) == (400, "dataset-missing")


def test_metrics_are_chosen_and_unknown_ones_refused(published: str, gateway_url: str) -> None:
    both: dict[str, str | int | list[str]] = {
        "format": "latex",
        "metric": ["top_1_error", "top_5_error"],
        "decimals": 1,
    }
    assert "$100.0$ & $25.0\\,[15.0, 35.0]$" in httpx.get(gateway_url + path(published), params=both).text
    for form in ("json", "csv", "latex", "markdown", "model-index"):
        answer = httpx.get(gateway_url + path(published), params={"format": form, "metric": "top_9_error"})
        assert (answer.status_code, answer.json()["code"]) == (404, "no-such-metric")


def test_what_is_not_published_is_exported_with_its_team_s_key_only(
    team: Team, found: Callable[..., Team], scorer: Scorer
) -> None:
    submission = concluded(team, scorer)
    assert team.http.get(path(submission)).json()["url"] == ""
    for answer in (httpx.get(scorer.url + path(submission)), found().http.get(path(submission))):
        assert (answer.status_code, answer.json()["code"]) == (404, "no-such-submission")


def test_without_a_score_there_is_nothing_to_export(team: Team, scorer: Scorer) -> None:
    for submission in (sent(team)["id"], concluded(team, scorer, reports.rejected())):
        answer = team.http.get(path(submission))
        assert (answer.status_code, answer.json()["code"]) == (409, "not-scored")


def test_a_team_s_own_scores_are_a_table_and_nobody_else_s_are_in_it(
    team: Team, found: Callable[..., Team], scorer: Scorer
) -> None:
    ids = [concluded(team, scorer, method=method) for method in ("=cmd|' /C calc'!A0", "A@v1", "AB")]
    concluded(found(), scorer)
    concluded(team, scorer, reports.rejected())
    sent(team)
    table = rows(team.http.get("/v1/submissions/export").raise_for_status().text)
    assert [row["submission"] for row in table] == ids
    assert table[0]["method"] == "'=cmd|' /C calc'!A0"
    assert {row["top_5_error"] for row in table} == {"0.25"}
    (kept,) = rows(team.http.get("/v1/submissions/export", params={"family": "A", "task": "classification"}).text)
    assert kept["submission"] == ids[1]
    latex = team.http.get("/v1/submissions/export", params={"format": "latex", "limit": 1}).text
    assert "AB & tiny & classification & validation & $25.00" in latex
    assert "A@v1" not in latex
    assert rows(team.http.get("/v1/submissions/export", params={"split": "test"}).text) == []


def test_a_whole_board_is_a_table_in_rank_order(published: str, gateway_url: str) -> None:
    export = f"{gateway_url}{PLACE}/leaderboard/export"
    answer = httpx.get(export).raise_for_status()
    board = httpx.get(f"{gateway_url}{PLACE}/leaderboard", params={"limit": 10_000}).json()["entries"]
    table = rows(answer.text)
    assert [(row["rank"], row["submission"]) for row in table] == [
        (str(entry["rank"]), entry["submission"]) for entry in board
    ]
    assert published in [row["submission"] for row in table]
    assert httpx.get(export, headers={"If-None-Match": answer.headers["etag"]}).status_code == 304
    latex = httpx.get(export, params={"format": "latex"})
    assert latex.headers["etag"] != answer.headers["etag"]
    assert latex.text.count("\\\\\n") == len(board) + 1
    assert httpx.get(export, params={"format": "markdown", "limit": 1}).text.count("\n") == 3
    assert httpx.get(export.replace("validation", "nothing")).json()["code"] == "no-such-split"


def test_while_it_is_evaluated_anew_the_score_before_stands(desk: Desk, published: str, gateway_url: str) -> None:
    with desk.database.begin() as session:
        scored = session.scalars(select(EvaluationRow).where(EvaluationRow.submission_id == UUID(published))).one()
        judged_by = {name: getattr(scored, name) for name in ("submission_id", "version", "definition", "truth")}
        anew = EvaluationRow(
            id=uuid4(), state="queued", attempt=1, created_at=desk.clock(), heard_at=desk.clock(), **judged_by
        )
        session.add(anew)
        session.flush()
        identity = anew.id
    try:
        assert "25.00" in httpx.get(gateway_url + path(published), params={"format": "latex"}).text
        assert "25.00" in httpx.get(f"{gateway_url}/v1/submissions/{published}/badge.svg").text
    finally:
        with desk.database.begin() as session:
            session.execute(delete(EvaluationRow).where(EvaluationRow.id == identity))


def test_the_page_of_an_entry_has_the_badge_the_lines_that_embed_it_and_every_form(
    published: str, gateway_url: str
) -> None:
    page = httpx.get(f"{gateway_url}/challenges/tiny/classification/validation/entries/{published}").text
    assert (
        f'<img class="badge" src="/v1/submissions/{published}/badge.svg" alt="Tiny challenge top-5 error 25.00 %'
        in page
    )
    assert "[![Tiny challenge top-5 error 25.00 % \\[15.00, 35.00\\]](http" in page
    for form in ("json", "csv", "latex", "markdown", "model-index"):
        address = f"/v1/submissions/{published}/export?format={form}"
        assert f'href="{address}"' in page
        assert httpx.get(gateway_url + address).status_code == 200
