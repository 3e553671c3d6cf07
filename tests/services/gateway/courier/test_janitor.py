"""The janitor takes what no row names, a day after it first saw it so, and never anything else: on a real S3."""

import dataclasses
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st
from sqlalchemy import delete, update

from services.gateway.courier.janitor import PAGE, Janitor
from services.gateway.desk import Desk
from services.gateway.settings import CourierSettings
from services.gateway.tables import CheckRow, ChoreRow, OrphanRow, SubmissionRow
from shared import keys
from shared.storage import PART_BYTES
from tests.services.gateway.conftest import Team
from tests.services.gateway.courier.draining import Moment
from tests.services.gateway.telling import submission_of

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
STATES = ("open", "sealed", "abandoned", None)
SHA = "0" * 64


@pytest.fixture
def still(desk: Desk, moment: Moment) -> Iterator[Desk]:
    """A desk whose clock is in our hands, where no janitor has been yet."""
    reset(desk)
    yield dataclasses.replace(desk, clock=moment)
    reset(desk)


def reset(desk: Desk) -> None:
    with desk.database.begin() as session:
        session.execute(delete(ChoreRow))
        session.execute(delete(OrphanRow))


@dataclasses.dataclass
class World:
    """Objects of one team, and what their rows say."""

    desk: Desk
    team: UUID

    def submission(self, state: str | None) -> UUID:
        """A submission in `state`; None: an id of no row."""
        if state is None:
            return uuid4()
        row = submission_of(self.desk, self.team)
        with self.desk.database.begin() as session:
            session.execute(update(SubmissionRow).where(SubmissionRow.id == row.id).values(state=state))
        return row.id

    def check(self, cleared: bool | None) -> UUID:
        """A dry run; None: an id of no row."""
        check, now = uuid4(), self.desk.clock()
        place = {"challenge": "tiny", "task": "classification", "split": "test", "labels": "ilsvrc", "definition": ""}
        key = keys.check_key(self.team, check)
        if cleared is not None:
            with self.desk.database.begin() as session:
                moments = {"created_at": now, "deadline_at": now + 99 * DAY, "cleared_at": now if cleared else None}
                session.add(CheckRow(id=check, team_id=self.team, object_key=key, **place, **moments))
        return check

    def put(self, key: str) -> str:
        """An object under `key`."""
        self.desk.storage.put(keys.SUBMISSIONS, key, b"content")
        return key

    def objects(self) -> set[str]:
        """What S3 has of the team."""
        storage = self.desk.storage
        return {
            key
            for prefix in (f"{self.team}/", f"checks/{self.team}/")
            for key in storage.keys(keys.SUBMISSIONS, prefix)
        }


@pytest.fixture
def world(still: Desk, team: Team) -> World:
    return World(still, team.id)


@pytest.fixture
def janitor(still: Desk, courier_settings: CourierSettings) -> Janitor:
    return Janitor(still, courier_settings)


def work_a_round(janitor: Janitor, desk: Desk) -> None:
    """From the first page to the last."""
    janitor.tend()
    while place_of(desk) is not None:
        janitor.tend()


def place_of(desk: Desk) -> str | None:
    with desk.database.begin() as session:
        return session.get_one(ChoreRow, "orphans").place


THINGS = st.lists(
    st.one_of(
        st.tuples(st.just("submission"), st.sampled_from(STATES)),
        st.tuples(st.just("parts"), st.sampled_from(STATES)),
        st.tuples(st.just("check"), st.sampled_from([True, False, None])),
    ),
    max_size=8,
)


def placed(world: World, kind: str, state: Any) -> str:
    """An object of this kind, whose row is in this state."""
    if kind == "check":
        return world.put(keys.check_key(world.team, world.check(state)))
    submission = world.submission(state)
    part = keys.part_key(world.team, submission, 1, SHA)
    return world.put(part if kind == "parts" else keys.submission_key(world.team, submission))


NEEDED = {("submission", "open"), ("submission", "sealed"), ("parts", "open"), ("check", False)}


@examples(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(THINGS, st.integers(1, 23))
def test_what_is_left_is_exactly_what_rows_name(
    world: World, janitor: Janitor, moment: Moment, things: list[tuple[str, Any]], hours: int
) -> None:
    reset(world.desk)
    before = world.objects()
    put = {placed(world, *thing): thing for thing in things}
    for wait in (timedelta(), hours * HOUR, (24 - hours) * HOUR):
        moment.now += wait
        work_a_round(janitor, world.desk)
        assert world.objects() >= before | set(put), "the grace of a day is not over"
    moment.now += HOUR + timedelta(seconds=1)
    work_a_round(janitor, world.desk)
    assert world.objects() - before == {key for key, thing in put.items() if thing in NEEDED}
    assert world.objects() >= before


def test_a_database_that_was_restored_to_an_earlier_state_costs_no_bytes_for_a_day(
    world: World, janitor: Janitor, moment: Moment
) -> None:
    """However old the objects are that it does not know: what counts is how long it has not known them."""
    key = placed(world, "submission", None)
    moment.now += 30 * DAY
    work_a_round(janitor, world.desk)
    moment.now += 23 * HOUR
    work_a_round(janitor, world.desk)
    assert key in world.objects()


def test_a_key_that_is_none_of_ours_is_left_alone(world: World, janitor: Janitor, moment: Moment) -> None:
    strange = [world.put(f"{world.team}/{name}") for name in ("backup.tar", f"{uuid4()}.parts/1", f"{uuid4()}/more")]
    for _ in range(2):
        work_a_round(janitor, world.desk)
        moment.now += 25 * HOUR
    assert world.objects() == set(strange)
    world.desk.storage.delete_all(keys.SUBMISSIONS, strange)


def begun(world: World, state: str | None) -> str:
    """An upload in S3 that was begun and never finished."""
    key = keys.submission_key(world.team, world.submission(state))
    world.desk.storage.upload(keys.SUBMISSIONS, key).write(bytes(PART_BYTES + 1))
    return key


def unfinished(world: World) -> set[str]:
    return {one.key for one in world.desk.storage.unfinished(keys.SUBMISSIONS) if one.key.startswith(str(world.team))}


def test_unfinished_uploads_are_aborted_when_none_can_last_so_long_and_no_row_is_open(
    world: World, janitor: Janitor, moment: Moment, courier_settings: CourierSettings
) -> None:
    is_open, *left = (begun(world, state) for state in STATES)
    assert unfinished(world) == {is_open, *left}
    moment.now += timedelta(seconds=courier_settings.upload_seconds) + HOUR - timedelta(minutes=5)
    work_a_round(janitor, world.desk)
    assert unfinished(world) == {is_open, *left}, "one may still be under way"
    moment.now += 2 * HOUR
    work_a_round(janitor, world.desk)
    assert unfinished(world) == {is_open}
    world.desk.storage.abort_uploads(keys.SUBMISSIONS, is_open)


def test_a_round_begins_once_an_hour_and_goes_on_where_another_courier_stopped(
    world: World, still: Desk, moment: Moment, courier_settings: CourierSettings
) -> None:
    first, second = (Janitor(still, courier_settings) for _ in range(2))
    work_a_round(first, still)
    orphan = placed(world, "submission", None)
    moment.now += HOUR - timedelta(seconds=1)
    second.tend()
    assert seen(still, orphan) is None, "it is not yet time"
    with still.database.begin() as session:
        session.execute(update(ChoreRow).values(place=f"{orphan[:-1]}"))
    second.tend()
    assert seen(still, orphan) == moment.now
    assert place_of(still) is None


def seen(desk: Desk, key: str) -> datetime | None:
    with desk.database.begin() as session:
        row = session.get(OrphanRow, key)
        return row.seen_at if row else None


def test_pages_are_bounded_and_cover_everything_in_order(world: World, still: Desk) -> None:
    put = sorted(world.put(f"{world.team}/page-{number}") for number in range(5))
    found: list[str] = []
    after = f"{world.team}/"
    while page := [key for key in still.storage.page(keys.SUBMISSIONS, after, 2) if key.startswith(str(world.team))]:
        assert len(page) <= 2
        found += page
        after = page[-1]
    assert found == put
    assert PAGE <= 1000, "S3 lists and deletes no more at once"
    still.storage.delete_all(keys.SUBMISSIONS, put)
