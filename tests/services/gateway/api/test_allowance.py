"""What the team has left, explained: what took each place, and what came back and why."""

import socket
from typing import Any
from uuid import UUID

import pytest

from services.gateway.desk import Desk
from shared.messages import Settlement
from shared.report import Report
from tests.services.gateway import reports
from tests.services.gateway.answers import TEST_SPLIT
from tests.services.gateway.conftest import Scorer, Team
from tests.waiting import eventually

FILE = b"1 2 3 4 5\n2\n3\n4\n"


def pool(team: Team, name: str = "tiny-test") -> dict[str, Any]:
    pools: list[dict[str, Any]] = team.http.get("/v1/allowance").raise_for_status().json()["pools"]
    return next(pool for pool in pools if pool["pool"] == name)


def submitted(team: Team) -> tuple[str, UUID]:
    view = team.submit(FILE, method="mine").json()["submission"]
    return view["id"], UUID(view["evaluation"]["id"])


def test_a_taken_place_says_what_took_it_and_how_far_that_is(team: Team, scorer: Scorer) -> None:
    submission, evaluation = submitted(team)
    [place] = pool(team)["taken"]
    told = {"challenge": "tiny", "task": "classification", "split": "test", "method": "mine"}
    assert place | told | {"submission": submission, "state": "spent", "progress": "queued"} == place
    assert place["taken_at"] < place["returns_at"]
    scorer.conclude(reports.scored(), evaluation)
    assert pool(team)["taken"][0]["progress"] == "scored"
    assert pool(team)["given_back"] == []


def test_an_upload_under_way_is_told_as_such(team: Team, gateway_url: str) -> None:
    head = f"POST {TEST_SPLIT} HTTP/1.1\r\nHost: here\r\nAuthorization: Bearer {team.key}\r\nContent-Length: 9\r\n\r\n"
    with socket.create_connection(("127.0.0.1", int(gateway_url.rsplit(":", 1)[1]))) as line:
        line.sendall(head.encode() + b"1\n")
        [place] = eventually(lambda: pool(team)["taken"])
        assert (place["state"], place["progress"]) == ("held", "uploading")
    [returned] = eventually(lambda: pool(team)["given_back"])
    assert (returned["reason"], returned["submission"]) == ("cut", place["submission"])


@pytest.mark.parametrize(("report", "left"), [(reports.rejected(), 2), (reports.failed(), 3)])
def test_a_place_that_came_back_says_why_and_what_is_left_to_be_forgiven(
    team: Team, scorer: Scorer, report: Report, left: int
) -> None:
    assert pool(team)["forgiven_left"] == 3
    submission, evaluation = submitted(team)
    scorer.conclude(report, evaluation)
    [returned] = pool(team)["given_back"]
    assert (returned["submission"], returned["reason"], returned["method"]) == (submission, report.outcome, "mine")
    assert returned["taken_at"] < returned["returned_at"]
    assert (pool(team)["forgiven_left"], pool(team)["remaining"]) == (left, 2)


def test_a_scored_file_whose_place_came_back_was_forgiven(team: Team, scorer: Scorer, desk: Desk) -> None:
    submission, evaluation = submitted(team)
    scorer.conclude(reports.scored(), evaluation)
    desk.allowance.settle(UUID(submission), Settlement(to="returned", fault="ours"))
    assert [place["reason"] for place in pool(team)["given_back"]] == ["forgiven"]


def test_refused_bodies_and_repeated_bytes_are_told_apart(team: Team) -> None:
    team.submit(b"")
    submitted(team)
    team.submit(FILE)
    assert [place["reason"] for place in pool(team)["given_back"]] == ["reused", "refused"]


def test_an_open_split_forgives_all(team: Team) -> None:
    assert pool(team, "tiny-validation")["forgiven_left"] is None


def test_the_rate_limit_fields_have_a_member_for_each_pool(team: Team) -> None:
    team.submit(FILE)
    answer = team.http.get("/v1/allowance")
    policies, states = (answer.headers[name].split(", ") for name in ("RateLimit-Policy", "RateLimit"))
    assert '"tiny-test";q=2;w=604800' in policies
    assert '"tiny-validation";r=1000' in states
    assert [state for state in states if state.startswith('"tiny-test";r=1;t=60')]
    assert len(policies) == len(states) == len(answer.json()["pools"])
