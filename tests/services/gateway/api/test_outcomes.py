"""What the gateway makes of a scorer's notices: once, for the current attempt, with the refund and the bell."""

import threading
import time
from uuid import UUID

import httpx
import pytest
from sqlalchemy import select

from services.gateway.desk import Desk
from services.gateway.tables import EventRow
from shared.errors import Missing
from shared.messages import Notice
from shared.report import Report
from shared.signing import new_secret
from tests.services.gateway import reports
from tests.services.gateway.conftest import Scorer, Team

FILE = b"1 2 3 4 5\n2\n3\n4\n"


def accepted(team: Team, file: bytes = FILE, **query: str) -> tuple[str, UUID]:
    """Submit a file; the submission's and the evaluation's ids."""
    view = team.submit(file, **query).json()["submission"]
    return view["id"], UUID(view["evaluation"]["id"])


def look(team: Team, submission: str, wait: float = 0) -> dict[str, object]:
    """The evaluation as the team sees it."""
    answer = team.http.get(f"/v1/submissions/{submission}", params={"wait": wait}).raise_for_status()
    evaluation: dict[str, object] = answer.json()["evaluation"]
    return evaluation


def started(evaluation: UUID, attempt: int = 1) -> Notice:
    return Notice(kind="started", evaluation=evaluation, attempt=attempt, run=1, scorer="tests")


def test_a_score_keeps_its_place_and_is_shown_with_its_report(team: Team, scorer: Scorer) -> None:
    submission, evaluation = accepted(team)
    assert scorer.notify(started(evaluation)).json() == {"proceed": True}
    assert look(team, submission)["state"] == "running"
    report = reports.scored(0.25)
    assert scorer.conclude(report, evaluation)
    shown = look(team, submission)
    assert shown["state"] == "scored"
    assert shown["metrics"] == {"top_1_error": 1.0, "top_5_error": 0.25}
    assert team.remaining() == 1
    answer = team.http.get(f"/v1/submissions/{submission}/report")
    assert answer.content == report.canonical()
    assert answer.headers["etag"] == f'"{shown["report_digest"]}"'


@pytest.mark.parametrize(("report", "state"), [(reports.rejected(), "rejected"), (reports.failed(), "failed")])
def test_a_place_is_free_again_the_moment_a_rejection_or_failure_is_seen(
    team: Team, scorer: Scorer, report: Report, state: str
) -> None:
    submission, evaluation = accepted(team)
    assert scorer.conclude(report, evaluation)
    assert look(team, submission)["state"] == state
    assert team.remaining() == 2


def test_the_day_s_last_forgiven_file_closes_the_door_before_the_next_upload(team: Team, scorer: Scorer) -> None:
    for number in range(3):
        _, evaluation = accepted(team, FILE + b"\n" * number)
        assert scorer.conclude(reports.rejected(), evaluation)
    answer = team.submit(b"9" + FILE)
    assert (answer.status_code, answer.json()["code"]) == (429, "too-many-rejected")
    assert 86_000 < int(answer.headers["retry-after"]) <= 86_400
    assert answer.headers["ratelimit-policy"] == '"daily";q=3;w=86400'
    assert answer.headers["ratelimit"] == f'"daily";r=0;t={answer.headers["retry-after"]}'


def test_the_second_outcome_of_an_evaluation_changes_nothing(team: Team, scorer: Scorer) -> None:
    submission, evaluation = accepted(team)
    assert scorer.conclude(reports.scored(0.25), evaluation)
    assert not scorer.conclude(reports.rejected(), evaluation)
    assert look(team, submission)["metrics"] == {"top_1_error": 1.0, "top_5_error": 0.25}
    assert team.remaining() == 1


def test_a_notice_of_another_attempt_is_told_to_stop(team: Team, scorer: Scorer) -> None:
    submission, evaluation = accepted(team)
    assert scorer.notify(started(evaluation, attempt=2)).json() == {"proceed": False}
    assert not scorer.conclude(reports.scored(), evaluation, attempt=2)
    assert look(team, submission)["state"] == "queued"


def test_done_without_a_report_in_storage_is_not_believed(team: Team, scorer: Scorer) -> None:
    submission, evaluation = accepted(team)
    done = Notice(kind="done", evaluation=evaluation, attempt=1, run=1, scorer="tests", report_digest="0" * 64)
    assert scorer.notify(done).status_code == Missing.status
    assert look(team, submission)["state"] == "queued"


@pytest.mark.parametrize("break_it", ["secret", "stale", "headers"])
def test_a_notice_that_no_scorer_signed_is_refused(team: Team, scorer: Scorer, gateway_url: str, break_it: str) -> None:
    _, evaluation = accepted(team)
    if break_it == "secret":
        answer = scorer.notify(started(evaluation), secret=new_secret())
    else:
        headers = {"webhook-id": "msg_1", "webhook-timestamp": "1", "webhook-signature": "v1,AAAA v2 , v1,"}
        if break_it == "headers":
            headers = {"webhook-timestamp": "not a number"}
        answer = httpx.post(f"{gateway_url}/internal/outcomes", content=b"{}", headers=headers)
    assert answer.status_code == 401
    assert answer.json()["code"] == "signature-invalid"


def test_a_waiting_request_answers_when_the_outcome_comes_and_not_before(team: Team, scorer: Scorer) -> None:
    submission, evaluation = accepted(team)
    seen: list[tuple[object, float]] = []

    def wait() -> None:
        seen.append((look(team, submission, wait=20)["state"], time.monotonic()))

    waiting = threading.Thread(target=wait)
    waiting.start()
    waiting.join(0.3)
    assert waiting.is_alive()
    told = time.monotonic()
    assert scorer.conclude(reports.scored(), evaluation)
    waiting.join(5)
    [(state, answered)] = seen
    assert state == "scored"
    assert answered - told < 2


def test_a_wait_that_sees_no_outcome_ends_with_the_state_as_it_is(team: Team) -> None:
    submission, _ = accepted(team)
    assert look(team, submission, wait=0.2)["state"] == "queued"


def test_a_report_that_is_not_there_yet_is_a_conflict(team: Team) -> None:
    submission, _ = accepted(team)
    answer = team.http.get(f"/v1/submissions/{submission}/report")
    assert (answer.status_code, answer.json()["code"]) == (409, "not-evaluated")


def test_an_outcome_is_told_once_with_a_sequence_number(team: Team, scorer: Scorer, desk: Desk) -> None:
    submission, evaluation = accepted(team)
    for _ in range(2):
        scorer.conclude(reports.scored(), evaluation)
    with desk.database.begin() as session:
        told = session.execute(
            select(EventRow.type, EventRow.sequence).where(EventRow.submission_id == UUID(submission))
        ).all()
    assert [tuple(event) for event in told] == [("evaluation.scored", 1)]
