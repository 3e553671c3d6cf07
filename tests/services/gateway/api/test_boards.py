"""A board of many entries: read in pages, kept up to date by what has changed, and not sent again while nothing has."""

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import delete, insert, select, update

from benchmarks.crowd import Crowd
from services.gateway import leaderboard
from services.gateway.contests import categories_won, joined, leads_of
from services.gateway.desk import Desk
from services.gateway.leaderboard import Board, Order, Track, board
from services.gateway.publish import publish
from services.gateway.store import challenges
from services.gateway.store.challenges import Venue
from services.gateway.tables import BoardRow, EntryRow, EvaluationRow, LeadRow, SubmissionRow
from shared.storage import Storage
from tests.reference.ranking import Contender, Place, by_count, by_value
from tests.services.gateway.conftest import TINY

MANY = 250
WAYS: tuple[tuple[Order, Track | None], ...] = (
    ("winner", None),
    ("winner", "external"),
    ("headline", None),
    ("headline", "provided"),
)


@dataclass(slots=True)
class Stand:
    """A split of its own, filled by a crowd."""

    url: str
    desk: Desk
    venue: Venue
    crowd: Crowd
    entered: int = 0

    def enter(self, count: int) -> None:
        with self.desk.database.begin() as session:
            self.crowd.enter(session, self.venue, count, start=self.entered)
        self.entered += count

    @property
    def place(self) -> str:
        return self.venue.published.challenge.name

    def get(self, method: str = "GET", known: str = "", **query: str | int) -> httpx.Response:
        path = f"{self.url}/v1/challenges/{self.place}/tasks/classification/splits/validation/leaderboard"
        return httpx.request(method, path, params=query, headers={"If-None-Match": known})

    def page(self, number: int) -> str:
        answer = httpx.get(f"{self.url}/challenges/{self.place}/classification/validation", params={"page": number})
        return answer.raise_for_status().text

    def whole(self) -> list[dict[str, Any]]:
        entries: list[dict[str, Any]] = self.get(limit=10_000).raise_for_status().json()["entries"]
        return entries

    def forget(self) -> None:
        """As if this process had just started."""
        leaderboard._rolls.clear()


@pytest.fixture(params=["headline", "categories_won"])
def stand(request: pytest.FixtureRequest, desk: Desk, operator: Storage, tmp_path: Path, gateway_url: str) -> Stand:
    name = f"crowd-{uuid4().hex[:8]}"
    text = (TINY / "challenge.toml").read_text().replace('"tiny"', f'"{name}"')
    if request.param == "categories_won":
        text = text.replace('"top_5_error"', '"mean_average_precision"\nwinner = "categories_won"')
    (tmp_path / "challenge.toml").write_text(text)
    publish(desk.database, operator, desk.clock, tmp_path, [f"validation={TINY / 'truth.txt'}"], check=False)
    crowd = Crowd(random.Random(uuid4().int))
    with desk.database.begin() as session:
        venue = challenges.venue(session, name, "classification", "validation")
        crowd.found(session, 12)
    return Stand(gateway_url, desk, venue, crowd)


def test_pages_are_the_whole_board_with_its_ranks(stand: Stand) -> None:
    stand.enter(MANY)
    page = stand.get(limit=60).json()
    pages, whole = [page["entries"]], stand.whole()
    while page["next"]:
        page = stand.get(limit=60, cursor=page["next"]).json()
        pages.append(page["entries"])
    assert page["count"] == MANY
    assert [len(page) for page in pages] == [60, 60, 60, 60, 10]
    assert [entry for page in pages for entry in page] == whole
    assert len(stand.get().json()["entries"]) == 100


def test_a_page_begins_after_the_entry_that_the_one_before_ended_with_wherever_that_stands_now(stand: Stand) -> None:
    stand.enter(50)
    first = stand.get(limit=20).json()
    stand.enter(50)
    last, whole = first["entries"][-1]["submission"], [entry["submission"] for entry in stand.whole()]
    second = stand.get(limit=5, cursor=first["next"]).json()["entries"]
    start = whole.index(last) + 1
    assert [entry["submission"] for entry in second] == whole[start : start + 5]


@pytest.mark.parametrize("cursor", ["nonsense", "20"])
def test_a_cursor_that_is_not_ours_is_refused(gateway_url: str, tiny: str, cursor: str) -> None:
    path = f"{gateway_url}/v1/challenges/{tiny}/tasks/classification/splits/test/leaderboard"
    answer = httpx.get(path, params={"cursor": cursor})
    assert (answer.status_code, answer.json()["code"]) == (400, "cursor-invalid")


def test_people_turn_pages_by_links(stand: Stand) -> None:
    stand.enter(MANY)
    names = [f"/entries/{entry['submission']}" for entry in stand.whole()]
    for number, shown in ((1, names[:100]), (2, names[100:200]), (3, names[200:]), (9, names[200:])):
        assert re.findall(r"/entries/[0-9a-f-]{36}", stand.page(number)) == shown
    links = dict(re.findall(r'href="([^"]*page=\d+)" rel="(\w+)"', stand.page(2)))
    assert links == {"?by=winner&amp;page=1": "prev", "?by=winner&amp;page=3": "next"}


def test_a_board_that_has_not_changed_is_not_sent_again(stand: Stand) -> None:
    stand.enter(3)
    tag = stand.get().headers["etag"]
    same = stand.get(known=f'"other", {tag}')
    assert (same.status_code, same.content, same.headers["etag"]) == (304, b"", tag)
    assert stand.get(known=tag, limit=2).status_code == 200
    stand.enter(1)
    assert stand.get(known=tag).status_code == 200


def test_head_is_get_without_the_body(stand: Stand) -> None:
    stand.enter(3)
    whole, head = stand.get(), stand.get("HEAD")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == str(len(whole.content))
    assert head.headers["etag"] == whole.headers["etag"]


def test_whatever_changes_the_board_is_the_board_of_the_rule(stand: Stand) -> None:
    for change in (_enter_more, _withdraw, _evaluate_anew, _reject, _publish_late, _enter_more):
        change(stand)
        expected = {way: _by_the_rule(stand, *way) for way in WAYS}
        assert {way: _as_kept(stand, *way) for way in WAYS} == expected, change.__name__
        stand.forget()
        assert {way: _as_kept(stand, *way) for way in WAYS} == expected, f"{change.__name__}, read anew"


def test_leads_that_are_gone_are_worked_out_again(stand: Stand) -> None:
    stand.enter(30)
    before = stand.whole()
    with stand.desk.database.begin() as session:
        session.execute(delete(LeadRow).where(LeadRow.challenge == stand.place, LeadRow.part % 2 == 0))
    stand.forget()
    assert stand.whole() == before


def test_an_entry_that_no_category_gives_a_value_has_no_place_and_breaks_nothing(stand: Stand) -> None:
    """So it is under a truth without positives: each precision is null, and so is their mean."""
    stand.enter(2)
    with stand.desk.database.begin() as session:
        [(submission, _), *_] = _entries(stand, session)
        row = stand.crowd.evaluation(stand.venue, submission.id, datetime.now(UTC))
        nothing = {"metrics": {}, "intervals": {}, "categories": {"1": None, "2": None}}
        session.execute(insert(EvaluationRow).values(row | nothing))
    assert [entry["rank"] for entry in stand.whole()] == [1]
    assert str(submission.id) not in stand.page(1)


def test_only_published_submissions_change_a_board(stand: Stand) -> None:
    stand.enter(2)
    with stand.desk.database.begin() as session:
        before = session.scalars(select(BoardRow.state).where(BoardRow.challenge == stand.place)).one()
        stand.crowd.enter(session, stand.venue, 1, team=stand.crowd.teams[0], start=2)
    with stand.desk.database.begin() as session:
        assert session.scalars(select(BoardRow.state).where(BoardRow.challenge == stand.place)).one() == before
        numbers = session.scalars(select(EntryRow.change).where(EntryRow.challenge == stand.place)).all()
    assert sorted(numbers) == [1, 2]


def _enter_more(stand: Stand) -> None:
    stand.enter(40)


def _publish_late(stand: Stand) -> None:
    """A submission that was scored long ago is put on the board."""
    with stand.desk.database.begin() as session:
        stand.crowd.enter(session, stand.venue, 1, team=stand.crowd.teams[0], start=stand.entered)
        session.flush()
        late = _of(stand, SubmissionRow.published_at.is_(None))
        session.execute(update(SubmissionRow).where(late).values(published_at=datetime.now(UTC)))
    stand.entered += 1


def _withdraw(stand: Stand) -> None:
    """An operator takes an entry off the board, in the database itself."""
    with stand.desk.database.begin() as session:
        [row, *_] = _entries(stand, session)
        session.execute(update(SubmissionRow).where(SubmissionRow.id == row[0].id).values(published_at=None))


def _evaluate_anew(stand: Stand) -> None:
    """Three entries get another outcome; one is still being evaluated, and one lacks the headline."""
    with stand.desk.database.begin() as session:
        one, two, three, *_ = _entries(stand, session)
        for (submission, _), state in ((one, "scored"), (two, "queued"), (three, "scored")):
            row = stand.crowd.evaluation(stand.venue, submission.id, datetime.now(UTC)) | {"state": state}
            metrics = row["metrics"] if submission is not three[0] else {"another_metric": 0.5}
            session.execute(insert(EvaluationRow).values(row | {"metrics": metrics}))


def _reject(stand: Stand) -> None:
    """An entry's file does not stand the evaluation by a new version."""
    with stand.desk.database.begin() as session:
        [(submission, _), *_] = _entries(stand, session)
        row = stand.crowd.evaluation(stand.venue, submission.id, datetime.now(UTC))
        nothing: dict[str, Any] = {"state": "rejected", "metrics": {}, "intervals": {}, "categories": None}
        session.execute(insert(EvaluationRow).values(row | nothing))


def _as_kept(stand: Stand, by: Order, track: Track | None) -> list[tuple[Any, Place]]:
    with stand.desk.database.begin() as session:
        found: Board = board(session, stand.venue, by, track)
        entries = found.entries(session, 0, len(found))
    places = [(entry.candidate.id, entry.placing) for entry in entries]
    return [(one, (place.rank, place.best, place.worst, place.team_rank)) for one, place in places]


def _by_the_rule(stand: Stand, by: Order, track: Track | None) -> list[tuple[Any, Place]]:
    """The board from the rows themselves: each entry's newest outcome that is final, if it is a score."""
    headline = stand.venue.task.headline
    with stand.desk.database.begin() as session:
        rows = [row for row in _entries(stand, session) if track in (None, row[0].track)]
        known = [(one, evaluation) for one, evaluation in rows if headline in (evaluation.metrics or {})]
        values = {one.id: _categories(session, evaluation) for one, evaluation in known if one.participating}
    contenders = [_contender(one, evaluation, headline) for one, evaluation in known]
    falls = headline.endswith("_error")
    if by == "headline" or stand.venue.task.winner == "headline":
        return by_value(contenders, falls)
    won = categories_won(joined(leads_of(one, content) for one, content in values.items()))
    return by_count(contenders, falls, {one: won[one] for one in values})


def _contender(one: SubmissionRow, evaluation: EvaluationRow, headline: str) -> Contender:
    ends = (evaluation.intervals or {})[headline]["99.9"]
    value = (evaluation.metrics or {})[headline]
    return Contender(one.id, one.team_id, value, ends["low"], ends["high"], one.participating)


def _categories(session: Any, evaluation: EvaluationRow) -> dict[str, float | None]:
    return session.scalar(select(EvaluationRow.categories).where(EvaluationRow.id == evaluation.id)) or {}


def _entries(stand: Stand, session: Any) -> Sequence[tuple[SubmissionRow, EvaluationRow]]:
    rows = session.scalars(
        select(SubmissionRow)
        .where(_of(stand, SubmissionRow.published_at.is_not(None)))
        .order_by(SubmissionRow.published_at, SubmissionRow.id)
    )
    newest = [(row, _newest(session, row)) for row in rows]
    return [(row, evaluation) for row, evaluation in newest if evaluation.state == "scored"]


def _newest(session: Any, row: SubmissionRow) -> EvaluationRow:
    found = session.scalars(select(EvaluationRow).where(EvaluationRow.submission_id == row.id)).all()
    final: list[EvaluationRow] = [one for one in found if one.state in ("scored", "rejected", "failed")]
    return max(final, key=lambda one: one.created_at)


def _of(stand: Stand, *conditions: Any) -> Any:
    query = SubmissionRow.challenge == stand.place
    for condition in conditions:
        query &= condition
    return query
