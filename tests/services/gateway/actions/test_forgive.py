"""A scored file at chance level gives its place back: on held-out splits, once per team in 30 days, whoever races."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from itertools import count
from uuid import UUID

from sqlalchemy import select

from services.gateway.actions.apply import apply_report
from services.gateway.desk import Desk
from services.gateway.store.submissions import FORGIVEN_EVERY
from services.gateway.tables import EventRow
from shared.clock import utc_now
from shared.report import Report
from tests.services.gateway import reports
from tests.services.gateway.conftest import Scorer, Team

FILES = (b"1 2 3 4 %d\n2\n3\n4\n" % number for number in count(5))
"""No two alike: the same bytes again would be the same submission."""


def submitted(team: Team, split: str = "test") -> tuple[str, UUID]:
    """A sealed file: the submission's and the evaluation's ids."""
    view = team.submit(next(FILES), split).raise_for_status().json()["submission"]
    return view["id"], UUID(view["evaluation"]["id"])


def judged(team: Team, scorer: Scorer, report: Report, split: str = "test") -> dict[str, object]:
    """The submission as the team sees it after `report`."""
    submission, evaluation = submitted(team, split)
    assert scorer.conclude(report, evaluation)
    view: dict[str, object] = team.http.get(f"/v1/submissions/{submission}").raise_for_status().json()
    return view


def told(desk: Desk, submission: object) -> object:
    """What the event of the outcome says of forgiveness."""
    with desk.database.begin() as session:
        data = session.scalar(select(EventRow.data).where(EventRow.submission_id == UUID(str(submission))))
    assert data is not None
    return data["forgiven"]


def later(desk: Desk, by: timedelta) -> Desk:
    """The desk at another time."""
    return replace(desk, clock=lambda: utc_now() + by)


def test_a_first_score_at_chance_level_is_shown_told_and_not_charged(team: Team, scorer: Scorer, desk: Desk) -> None:
    view = judged(team, scorer, reports.at_chance())
    assert view["forgiven_at"] is not None
    assert told(desk, view["id"]) is True
    assert team.remaining() == 2


def test_a_second_one_is_charged(team: Team, scorer: Scorer, desk: Desk) -> None:
    judged(team, scorer, reports.at_chance())
    view = judged(team, scorer, reports.at_chance())
    assert view["forgiven_at"] is None
    assert told(desk, view["id"]) is False
    assert team.remaining() == 1


def test_a_score_above_chance_is_charged_and_leaves_the_forgiveness_for_later(team: Team, scorer: Scorer) -> None:
    assert judged(team, scorer, reports.scored())["forgiven_at"] is None
    assert team.remaining() == 1
    assert judged(team, scorer, reports.at_chance())["forgiven_at"] is not None
    assert team.remaining() == 1


def test_where_the_truth_is_public_nothing_is_forgiven(team: Team, scorer: Scorer) -> None:
    view = judged(team, scorer, reports.at_chance("validation"), "validation")
    assert view["forgiven_at"] is None
    assert team.remaining("tiny-validation") == 999


def test_the_same_outcome_heard_twice_is_forgiven_once(team: Team, scorer: Scorer) -> None:
    _, evaluation = submitted(team)
    assert scorer.conclude(reports.at_chance(), evaluation)
    assert not scorer.conclude(reports.at_chance(), evaluation)
    assert team.remaining() == 2


def test_after_thirty_days_the_next_one_is_forgiven_again(team: Team, scorer: Scorer, desk: Desk) -> None:
    judged(team, scorer, reports.at_chance())
    before, after = (FORGIVEN_EVERY + timedelta(minutes=minutes) for minutes in (-1, 1))
    for by, remaining in ((before, 1), (after, 1)):
        _, evaluation = submitted(team)
        scorer.write(reports.at_chance(), evaluation)
        assert apply_report(later(desk, by), evaluation, 1, {})
        assert team.remaining() == remaining


def test_of_outcomes_that_come_at_once_one_is_forgiven(found: Callable[[], Team], scorer: Scorer, desk: Desk) -> None:
    for team in (found() for _ in range(5)):
        both = [submitted(team)[1] for _ in range(2)]
        for evaluation in both:
            scorer.write(reports.at_chance(), evaluation)
        with ThreadPoolExecutor(2) as threads:
            assert all(threads.map(lambda evaluation: apply_report(desk, evaluation, 1, {}), both))
        assert team.remaining() == 1
