"""A board that categories decide: who takes part, in which track, and what people see of it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import event

from services.gateway.desk import Desk
from services.gateway.leaderboard import board
from services.gateway.publish import publish
from services.gateway.store.challenges import venue
from shared.challenge import read_challenge
from shared.report import AVERAGE_PRECISION, CategoryLine
from shared.storage import Storage
from tests.services.gateway import reports
from tests.services.gateway.conftest import TINY, Scorer, Team


@dataclass(frozen=True, slots=True)
class Contest:
    """A split of its own, and a hand that puts entries on its board."""

    name: str
    found: Callable[..., Team]
    scorer: Scorer

    @property
    def path(self) -> str:
        return f"{self.name}/tasks/classification/splits/validation"

    def enter(self, *precisions: float | None, team: Team | None = None, **query: str) -> str:
        """An entry with these average precisions, category by category; its submission."""
        team = team or self.found()
        body = f"{uuid4().int % 10**9}\n2\n3\n4\n".encode()
        query = {"publish": "true", "method": str(precisions), **query}
        headers = {"Content-Type": "text/plain"}
        answer = team.http.post(f"/v1/challenges/{self.path}/submissions", content=body, params=query, headers=headers)
        view = answer.raise_for_status().json()["submission"]
        lines = tuple(
            CategoryLine(id=number, name=f"category {number}", metrics={AVERAGE_PRECISION: value})
            for number, value in enumerate(precisions, start=1)
        )
        known = [value for value in precisions if value is not None]
        report = reports.scored(0.5).model_copy(
            update={
                "metrics": {"mean_average_precision": sum(known) / len(known)},
                "intervals": {},
                "categories": lines,
            }
        )
        assert self.scorer.conclude(report, UUID(view["evaluation"]["id"]))
        return str(view["id"])

    def board(self, **query: str) -> dict[str, Any]:
        answer = httpx.get(f"{self.scorer.url}/v1/challenges/{self.path}/leaderboard", params=query)
        board: dict[str, Any] = answer.raise_for_status().json()
        return board

    def columns(self, *names: str, **query: str) -> list[tuple[Any, ...]]:
        return [tuple(entry[name] for name in ("submission", *names)) for entry in self.board(**query)["entries"]]


@pytest.fixture
def contest(desk: Desk, operator: Storage, tmp_path: Path, found: Callable[..., Team], scorer: Scorer) -> Contest:
    name = f"contest-{uuid4().hex[:8]}"
    text = (TINY / "challenge.toml").read_text().replace('"tiny"', f'"{name}"')
    text = text.replace('"top_5_error"', '"mean_average_precision"\nwinner = "categories_won"')
    (tmp_path / "challenge.toml").write_text(text)
    publish(desk.database, operator, desk.clock, tmp_path, [f"validation={TINY / 'truth.txt'}"], check=False)
    assert read_challenge(tmp_path).tasks["classification"].winner == "categories_won"
    return Contest(name, found, scorer)


def test_most_categories_win_though_the_mean_is_lower(contest: Contest) -> None:
    high = contest.enter(0.9, 0.5, 0.5, None)
    most = contest.enter(0.1, 0.6, 0.6, 0.3)
    shown = ("rank", "team_rank", "categories_won", "rank_range")
    assert contest.columns(*shown) == [(most, 1, 1, 3, None), (high, 2, 2, 1, None)]
    assert contest.columns("rank", "categories_won", by="headline") == [(high, 1, 1), (most, 2, 3)]
    assert (contest.board()["by"], contest.board(by="headline")["by"]) == ("categories_won", "headline")


def test_a_tie_is_nobody_s_until_somebody_is_better(contest: Contest) -> None:
    one = contest.enter(0.5, 0.9)
    two = contest.enter(0.5, 0.1)
    assert contest.columns("categories_won") == [(one, 1), (two, 0)]
    three = contest.enter(0.6, 0.2)
    assert contest.columns("rank", "categories_won") == [(one, 1, 1), (three, 1, 1), (two, 3, 0)]


def test_who_asked_not_to_take_part_is_shown_and_takes_nothing(contest: Contest) -> None:
    guest = contest.enter(0.9, 0.9, participate="false")
    team = contest.found()
    better, worse = contest.enter(0.5, 0.5, team=team), contest.enter(0.1, 0.6, team=team)
    shown = ("rank", "team_rank", "participating", "categories_won", "value")
    assert contest.columns(*shown) == [
        (better, 1, 1, True, 1, 0.5),
        (worse, 1, 1, True, 1, 0.35),
        (guest, None, None, False, None, 0.9),
    ]
    assert contest.columns("rank", by="headline") == [(guest, None), (better, 1), (worse, 2)]
    page = httpx.get(f"{contest.scorer.url}/challenges/{contest.name}/classification/validation").text
    assert "categories_won" in page
    assert page.index("(0.5, 0.5)") < page.index("(0.9, 0.9)")
    entry = httpx.get(f"{contest.scorer.url}/challenges/{contest.name}/classification/validation/entries/{guest}")
    assert "Not in the contest" in entry.text


def test_tracks_are_contests_of_their_own(contest: Contest) -> None:
    provided = contest.enter(0.5, 0.5)
    external = contest.enter(0.9, 0.9, track="external")
    assert contest.columns("categories_won") == [(external, 2), (provided, 0)]
    assert contest.columns("rank", "categories_won", track="provided") == [(provided, 1, 2)]
    assert contest.columns("rank", "categories_won", track="external") == [(external, 1, 2)]


def test_only_the_part_of_a_board_that_changed_is_read_anew(contest: Contest, desk: Desk) -> None:
    for value in range(8):
        contest.enter(0.5, value / 10)
    assert read_anew(desk, contest) > 1
    assert read_anew(desk, contest) == 0
    newest = contest.enter(0.6, 0.9)
    assert read_anew(desk, contest) == 1
    assert contest.columns("categories_won")[0] == (newest, 2)


def read_anew(desk: Desk, contest: Contest) -> int:
    """How many questions for categories the board asks of the database, in this process."""
    asked: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if "evaluations.categories" in statement:
            asked.append(statement)

    with desk.database.begin() as session:
        engine = session.get_bind()
        event.listen(engine, "before_cursor_execute", note)
        try:
            board(session, venue(session, contest.name, "classification", "validation"))
        finally:
            event.remove(engine, "before_cursor_execute", note)
    return len(asked)
