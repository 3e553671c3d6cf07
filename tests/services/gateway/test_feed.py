"""The feed of a team's events: a reader that goes on from the last position misses nothing, whoever writes beside it."""

import random
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select, update

from services.gateway.desk import Desk
from services.gateway.store import events
from services.gateway.tables import EventRow, SubmissionRow, TeamRow
from shared.messages import event_name
from tests.services.gateway.conftest import Team
from tests.services.gateway.telling import submission_of, tell

WRITERS = 8
ROUNDS = 20


class Dropped(Exception):
    """A transaction that comes to nothing."""


def read(team: Team, after: int = 0, **query: Any) -> dict[str, Any]:
    page: dict[str, Any] = team.http.get("/v1/events", params={"after": after, **query}).raise_for_status().json()
    return page


def write(desk: Desk, submission: SubmissionRow, dice: random.Random) -> list[int]:
    """Tell in transactions of random length, of which some are rolled back; the sequences that were committed."""
    committed = []
    for _ in range(ROUNDS):
        try:
            with desk.database.begin() as session:
                time.sleep(dice.random() / 400)
                events.tell(session, submission, "evaluation.scored", {"submission": str(submission.id)}, desk.clock())
                last = session.scalar(
                    select(func.max(EventRow.sequence)).where(EventRow.submission_id == submission.id)
                )
                time.sleep(dice.random() / 200)
                if dice.random() < 0.2:
                    raise Dropped
        except Dropped:
            continue
        committed.append(last or 0)
    return committed


def follow(desk: Desk, team: UUID, done: threading.Event) -> list[EventRow]:
    """Read on and on from the last position; once more when the writers are done."""
    seen: list[EventRow] = []
    last_round = False
    while True:
        with desk.database.begin() as session:
            page = events.feed(session, team, seen[-1].position or 0 if seen else 0, 3)
        seen += page
        if last_round and not page:
            return seen
        last_round = done.is_set()


@pytest.mark.parametrize("seed", [1, 2])
def test_a_reader_beside_many_writers_sees_every_event_once_and_in_order(desk: Desk, team: Team, seed: int) -> None:
    done = threading.Event()
    written: dict[UUID, list[int]] = {}
    seen: list[EventRow] = []

    def write_one(number: int) -> None:
        submission = submission_of(desk, team.id)
        written[submission.id] = write(desk, submission, random.Random(1000 * seed + number))

    def follow_all() -> None:
        seen.extend(follow(desk, team.id, done))

    writers = [threading.Thread(target=write_one, args=(number,)) for number in range(WRITERS)]
    reader = threading.Thread(target=follow_all)
    for thread in (reader, *writers):
        thread.start()
    for thread in writers:
        thread.join()
    done.set()
    reader.join()
    assert [event.position for event in seen] == list(range(1, len(seen) + 1))
    for submission, sequences in written.items():
        assert sequences == list(range(1, len(sequences) + 1))
        assert [event.sequence for event in seen if event.submission_id == submission] == sequences
    assert len(seen) == sum(map(len, written.values()))


def test_pages_join_without_gaps_and_the_end_gives_the_same_cursor_back(desk: Desk, team: Team) -> None:
    for _ in range(7):
        tell(desk, team.id)
    everything = read(team)
    assert [item["position"] for item in everything["items"]] == [1, 2, 3, 4, 5, 6, 7]
    first, second, third = read(team, limit=3), read(team, 3, limit=3), read(team, 6, limit=3)
    assert first["items"] + second["items"] + third["items"] == everything["items"]
    assert (first["next"], second["next"], third["next"]) == (3, 6, 7)
    assert read(team, 7) == {"items": [], "next": 7}


def test_an_item_is_the_webhook_s_body_with_its_name_and_position(desk: Desk, team: Team) -> None:
    tell(desk, team.id, "evaluation.failed")
    with desk.database.begin() as session:
        (row,) = events.feed(session, team.id, 0, 10)
    (item,) = read(team)["items"]
    assert item["id"] == event_name(row.id)
    assert (item["type"], item["data"]) == ("evaluation.failed", row.data)


def test_a_team_reads_its_own_events_only(desk: Desk, found: Callable[..., Team]) -> None:
    mine, theirs = found(), found()
    tell(desk, mine.id)
    assert len(read(mine)["items"]) == 1
    assert read(theirs) == {"items": [], "next": 0}


def test_a_waiting_reader_is_answered_when_something_is_told_and_not_before(desk: Desk, team: Team) -> None:
    answers: list[dict[str, Any]] = []
    waiting = threading.Thread(target=lambda: answers.append(read(team, wait=20)))
    waiting.start()
    waiting.join(0.3)
    assert waiting.is_alive()
    tell(desk, team.id)
    waiting.join(5)
    assert [item["position"] for item in answers[0]["items"]] == [1]


def test_a_wait_in_vain_ends_with_nothing(team: Team) -> None:
    assert read(team, wait=0.2) == {"items": [], "next": 0}


@pytest.mark.parametrize(
    "query", [{"after": -1}, {"after": "x"}, {"after": 2**63}, {"limit": 0}, {"limit": 101}, {"wait": 61}]
)
def test_what_is_no_place_in_the_feed_is_refused(team: Team, query: dict[str, Any]) -> None:
    answer = team.http.get("/v1/events", params=query)
    assert (answer.status_code, answer.json()["code"]) == (422, "request-invalid")


def test_what_a_gateway_of_the_version_before_has_told_gets_its_place_late(desk: Desk, team: Team) -> None:
    tell(desk, team.id)
    tell(desk, team.id)
    with desk.database.begin() as session:
        late = EventRow.team_id == team.id
        session.execute(update(EventRow).where(late, EventRow.position == 2).values(position=None))
        session.execute(update(TeamRow).where(TeamRow.id == team.id).values(told=1))
    assert read(team)["next"] == 1
    with desk.database.begin() as session:
        events.place_late(session, 10)
    assert [item["position"] for item in read(team, 1)["items"]] == [2]


def test_a_year_later_events_are_gone_but_the_last_of_each_submission(desk: Desk, team: Team) -> None:
    submission, other = submission_of(desk, team.id), submission_of(desk, team.id)
    then = desk.clock() - timedelta(days=400)
    with desk.database.begin() as session:
        for told in (submission, submission, other):
            events.tell(session, told, "evaluation.scored", {}, then)
        events.forget(session, desk.clock() - timedelta(days=366), 1000)
        events.tell(session, submission, "evaluation.scored", {}, desk.clock())
    items = read(team)["items"]
    assert [(item["position"], item["data"]["sequence"]) for item in items] == [(2, 2), (3, 1), (4, 3)]
