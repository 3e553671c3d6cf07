"""Every task on real servers: its truth published with all its parts, a file checked, submitted, judged, on the board."""

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from deploy.demo.visitor import Visitor
from services.gateway.actions.keys import make_key
from services.gateway.actions.teams import found_team
from tests.stacks import Stack
from tests.system.participants import Organiser
from tests.trials import TRIALS, Trial, written

pytestmark = pytest.mark.system

every_task = pytest.mark.parametrize("trial", TRIALS, ids=lambda trial: trial.task)


class Contest:
    """One challenge of all trials, and a team."""

    def __init__(self, stack: Stack, organiser: Organiser, folder: Path) -> None:
        self.name, team = (f"{what}-{uuid4().hex[:10]}" for what in ("tasks", "team"))
        organiser.publish(folder, *written(folder, self.name))
        found_team(organiser.desk, team)
        self._key = make_key(organiser.desk, team, "tests").text()
        self._url = stack.gateway_url
        self._visitors: list[Visitor] = []

    def visit(self, trial: Trial) -> Visitor:
        """The team at a trial's split."""
        address = f"/v1/challenges/{self.name}/tasks/{trial.task}/splits/test"
        self._visitors.append(Visitor(self._url, self._key, address, self.name))
        return self._visitors[-1]

    def page(self, trial: Trial, submission: str) -> str:
        """An entry's page, as anybody sees it."""
        address = f"{self._url}/challenges/{self.name}/{trial.task}/test/entries/{submission}"
        return httpx.get(address).raise_for_status().text

    def close(self) -> None:
        for visitor in self._visitors:
            visitor.close()


@pytest.fixture(scope="module")
def contest(stack: Stack, organiser: Organiser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Contest]:
    opened = Contest(stack, organiser, tmp_path_factory.mktemp("tasks"))
    yield opened
    opened.close()


@every_task
def test_a_file_scores_over_http_what_the_official_code_gave_it_and_stands_on_the_board(
    contest: Contest, trial: Trial
) -> None:
    visitor = contest.visit(trial)
    outcome = visitor.scored(trial.predictions, "a method")
    assert outcome["evaluation"]["state"] == "scored"
    metrics = visitor.report(outcome["id"])["metrics"]
    assert {name: metrics[name] for name in trial.metrics} == pytest.approx(trial.metrics, abs=1e-12, rel=0)
    (entry,) = visitor.board()
    assert (entry["submission"], entry["value"]) == (outcome["id"], metrics[trial.headline])
    assert entry["metrics"] == metrics
    shown = contest.page(trial, outcome["id"])
    report = visitor.report(outcome["id"])
    assert all(f">{line['name']}</td>" in shown for line in report["categories"])
    assert shown.count("<polyline") == 2 * len(report["curves"])


@every_task
def test_a_dry_run_takes_the_good_file_and_tells_the_broken_one_where_it_is_broken(
    contest: Contest, trial: Trial
) -> None:
    visitor = contest.visit(trial)
    good, broken = (visitor.check(file).raise_for_status().json() for file in (trial.predictions, trial.broken))
    assert (good["outcome"], good["failure"]) == ("accepted", None)
    assert all(good["counts"].values())
    assert broken["outcome"] == "rejected"
    first = broken["faults"][0]
    assert (first["code"], first["line"]) == (trial.code, trial.line)
    assert first["remedy"]


@every_task
def test_a_broken_file_that_is_submitted_is_rejected_and_costs_nothing(contest: Contest, trial: Trial) -> None:
    visitor = contest.visit(trial)
    before = visitor.standing()["remaining"]
    outcome = visitor.scored(trial.broken, "a mistake")
    assert outcome["evaluation"]["state"] == "rejected"
    assert trial.code in {fault["code"] for fault in visitor.report(outcome["id"])["faults"]}
    assert visitor.standing()["remaining"] == before
