"""A badge over HTTP: for anybody once it is published, for its team before, honest in every state, and not sent twice."""

from collections.abc import Callable
from uuid import uuid4
from xml.etree import ElementTree as ET

import httpx
import pytest

from shared.report import Report
from tests.services.gateway import reports
from tests.services.gateway.conftest import Scorer, Team
from tests.services.gateway.taking import concluded, sent


def path(submission: object) -> str:
    return f"/v1/submissions/{submission}/badge.svg"


def said(answer: httpx.Response) -> list[str]:
    """The words in the boxes."""
    assert answer.headers["content-type"].startswith("image/svg+xml")
    return [node.text or "" for node in ET.fromstring(answer.text).iter("{http://www.w3.org/2000/svg}text")]


def test_anybody_sees_a_published_score_and_asks_each_time_whether_it_has_changed(team: Team, scorer: Scorer) -> None:
    url = scorer.url + path(concluded(team, scorer, publish=True))
    answer = httpx.get(url)
    assert (answer.status_code, said(answer)) == (200, ["Tiny challenge top-5 error", "25.00 % [15.00, 35.00]"])
    assert answer.headers["cache-control"] == "no-cache"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert answer.headers["x-content-type-options"] == "nosniff"
    same = httpx.get(url, headers={"If-None-Match": answer.headers["etag"]})
    assert (same.status_code, same.content, same.headers["etag"]) == (304, b"", answer.headers["etag"])
    assert httpx.head(url).headers["content-length"] == str(len(answer.content))


def test_what_it_shows_is_chosen(team: Team, scorer: Scorer) -> None:
    url = scorer.url + path(concluded(team, scorer, publish=True))
    chosen: dict[str, str | int] = {"metric": "top_1_error", "decimals": 0, "label": "<b>&", "interval": "false"}
    assert said(httpx.get(url, params=chosen)) == ["<b>&", "100 %"]
    missing = httpx.get(url, params={"metric": "top_9_error"})
    assert (missing.status_code, said(missing)) == (404, ["Holdout", "no such metric"])
    assert httpx.get(url, params={"decimals": 7}).status_code == 422


def test_a_rank_is_that_of_the_board(team: Team, scorer: Scorer, gateway_url: str) -> None:
    submission = concluded(team, scorer, publish=True)
    board = httpx.get(f"{gateway_url}/v1/challenges/tiny/tasks/classification/splits/validation/leaderboard").json()
    (entry,) = [entry for entry in board["entries"] if entry["submission"] == submission]
    best, worst = entry["rank_range"]
    ranks = f"rank {entry['rank']}" + (f" [{best}–{worst}]" if best != worst else "")
    answer = httpx.get(gateway_url + path(submission), params={"show": "rank"})
    assert said(answer)[1].startswith(f"{ranks} of ")


def test_what_is_not_published_is_seen_with_its_team_s_key_only(
    team: Team, found: Callable[..., Team], scorer: Scorer
) -> None:
    submission = concluded(team, scorer)
    mine = team.http.get(path(submission))
    assert said(mine)[1] == "25.00 % [15.00, 35.00]"
    assert mine.headers["cache-control"] == "private, no-cache"
    for answer in (httpx.get(scorer.url + path(submission)), found().http.get(path(submission))):
        assert (answer.status_code, said(answer)) == (404, ["Holdout", "not found"])
        assert answer.headers["cache-control"] == "no-cache"
    assert said(team.http.get(path(uuid4()))) == ["Holdout", "not found"]
    assert team.http.get(path(submission), params={"show": "rank"}).status_code == 404


def test_a_key_that_is_none_or_may_not_read_is_told_so_where_there_is_nothing_for_anybody(
    found: Callable[..., Team], scorer: Scorer
) -> None:
    unknown, published = path(uuid4()), path(concluded(found(), scorer, publish=True))
    wrong = {"Authorization": "Bearer holdout_nonsense"}
    answer = httpx.get(scorer.url + unknown, headers=wrong)
    assert (answer.status_code, answer.json()["code"]) == (401, "key-malformed")
    assert httpx.get(scorer.url + published, headers=wrong).status_code == 200
    submitter = found(scopes=("submit",)).http
    assert submitter.get(unknown).json()["code"] == "scope-missing"
    assert submitter.get(published).status_code == 200


def test_while_there_is_no_score_the_badge_says_how_far_it_is(team: Team, gateway_url: str) -> None:
    published, mine = (path(sent(team, publish=publish)["id"]) for publish in (True, False))
    for answer in (httpx.get(gateway_url + published), team.http.get(mine)):
        assert (answer.status_code, said(answer)) == (200, ["Tiny challenge top-5 error", "queued"])
        assert "no-cache" in answer.headers["cache-control"]


@pytest.mark.parametrize(
    ("report", "word"), [(reports.rejected(), "rejected"), (reports.failed(), "failed, not the file's fault")]
)
def test_an_outcome_without_a_score_is_told(team: Team, scorer: Scorer, report: Report, word: str) -> None:
    assert said(team.http.get(path(concluded(team, scorer, report))))[1] == word
