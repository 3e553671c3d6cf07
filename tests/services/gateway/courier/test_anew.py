"""A new version has everything evaluated anew: nobody's seal waits for that, and what a dead `publish` leaves is done."""

import random
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from threading import Event
from uuid import UUID, uuid4

import pytest
from sqlalchemy import delete, func, select

from benchmarks.crowd import Crowd
from services.gateway.actions.evaluate import BATCH
from services.gateway.courier.sweeps import Sweeps
from services.gateway.desk import Desk
from services.gateway.settings import CourierSettings
from services.gateway.store import challenges, line, rescoring
from services.gateway.tables import EvaluationRow, OutboxRow, SubmissionRow
from shared.clock import Clock, utc_now
from shared.queue import Queue
from shared.storage import Storage
from tests.services.gateway.conftest import Team
from tests.services.gateway.editions import Edition, edition_in

MANY = 2 * BATCH + 50
FILE = b"1\n2\n3\n4\n"


@dataclass(frozen=True, slots=True)
class Old(Edition):
    """A challenge of its own with submissions of years, scored under version 1; version 2 lies ready."""

    def anew(self) -> list[int]:
        """How many evaluations under version 2 each old submission has."""
        number = func.count(EvaluationRow.id).filter(EvaluationRow.version == 2)
        of_each = select(number).join(SubmissionRow, SubmissionRow.id == EvaluationRow.submission_id)
        old = (SubmissionRow.challenge == self.name, SubmissionRow.object_key.startswith("benchmark/"))
        with self.desk.database.begin() as session:
            return list(session.scalars(of_each.where(*old).group_by(SubmissionRow.id)))

    def in_line(self) -> int:
        """How many wait for Redis in the lane of what is evaluated anew."""
        with self.desk.database.begin() as session:
            waiting = select(func.count()).where(OutboxRow.kind == "evaluate", OutboxRow.lane == line.ANEW)
            return session.scalar(waiting) or 0

    def owed(self) -> bool:
        with self.desk.database.begin() as session:
            return self.name in rescoring.owed(session)


@pytest.fixture
def edition(desk: Desk, operator: Storage, tmp_path: Path) -> Iterator[Old]:
    edition = edition_in(desk, operator, tmp_path)
    old = Old(edition.desk, edition.operator, edition.folder, edition.name)
    old.publish()
    crowd = Crowd(random.Random(uuid4().int))
    with desk.database.begin() as session:
        crowd.found(session, 20)
        crowd.enter(session, challenges.venue(session, old.name, "classification", "test"), MANY)
    old.revise()
    yield old
    # Other tests look at all that is open.
    ours = select(SubmissionRow.id).where(SubmissionRow.challenge == old.name)
    with desk.database.begin() as session:
        session.execute(
            delete(EvaluationRow).where(EvaluationRow.submission_id.in_(ours), EvaluationRow.state == "queued")
        )


@pytest.fixture
def sweep(desk: Desk, courier_settings: CourierSettings) -> Callable[[], None]:
    return Sweeps(desk, Queue(courier_settings.queue_address()), courier_settings).evaluate_anew


class Killed(BaseException):
    """What a process feels of its end."""


def dying() -> Clock:
    """The clock of a `publish` that dies in its second batch."""
    times = iter([utc_now, utc_now])

    def clock() -> datetime:
        for now in times:
            return now()
        raise Killed

    return clock


@contextmanager
def standing_still(edition: Old) -> Iterator[None]:
    """A `publish` that stands still in its second batch, and then goes on."""
    stands, goes_on = Event(), Event()
    times = iter([utc_now, utc_now])

    def clock() -> datetime:
        if next(times, None) is None:
            stands.set()
            assert goes_on.wait(30)
        return utc_now()

    with ThreadPoolExecutor(1) as thread:
        publishing = thread.submit(edition.publish, clock)
        try:
            assert stands.wait(30)
            yield
        finally:
            goes_on.set()
        publishing.result()


def test_a_seal_does_not_wait_for_a_publish_that_has_submissions_evaluated_anew(edition: Old, team: Team) -> None:
    with standing_still(edition):
        sent = edition.submit(team, FILE)
        assert sent.status_code == 202
        assert sum(edition.anew()) == BATCH, "the second batch is not there yet"
    with edition.desk.database.begin() as session:
        evaluation = session.get_one(EvaluationRow, UUID(sent.json()["submission"]["evaluation"]["id"]))
    assert evaluation.version == 2
    assert edition.anew() == [1] * MANY
    assert edition.in_line() == MANY
    assert not edition.owed()


def test_bytes_that_are_still_to_be_evaluated_anew_cost_no_second_place(edition: Old, team: Team) -> None:
    first = edition.submit(team, FILE).json()["submission"]["id"]
    left = team.remaining()
    with standing_still(edition):
        again = edition.submit(team, FILE)
        assert (again.status_code, again.json()["submission"]["id"]) == (200, first)
    assert team.remaining() == left


def test_what_a_publish_that_died_has_left_is_done_by_the_sweep(edition: Old, sweep: Callable[[], None]) -> None:
    with pytest.raises(Killed):
        edition.publish(dying())
    assert sum(edition.anew()) == BATCH
    while edition.owed():
        sweep()
    assert edition.anew() == [1] * MANY
    sweep()
    assert edition.publish().evaluated_anew == 0
    assert edition.in_line() == MANY


def test_a_publish_and_sweeps_at_the_same_time_evaluate_each_once(edition: Old, sweep: Callable[[], None]) -> None:
    with ThreadPoolExecutor(3) as threads:
        publishing = threads.submit(edition.publish)
        helping = [threads.submit(sweep_until, publishing.done, sweep) for _ in range(2)]
        assert publishing.result().evaluated_anew == MANY
        for help_ in helping:
            help_.result()
    assert edition.anew() == [1] * MANY


def sweep_until(ended: Callable[[], bool], sweep: Callable[[], None]) -> None:
    while not ended():
        sweep()
