"""The sweeps put right what was lost: jobs that Redis forgot, outcomes nobody heard, uploads whose gateway died."""

import asyncio
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest
import redis
from sqlalchemy import delete, select, update

from deploy.stack.addresses import Addresses
from services.gateway.actions.apply import apply_notice
from services.gateway.courier.evaluate import Enqueuer
from services.gateway.courier.sweeps import Sweeps
from services.gateway.desk import Desk, open_desk
from services.gateway.lifecycle import OPEN_STATES
from services.gateway.settings import CourierSettings
from services.gateway.tables import EvaluationRow, OutboxRow, SubmissionRow, UploadRow
from shared import keys
from shared.challenge import Limits
from shared.messages import Notice
from shared.queue import Queue
from shared.storage import PART_BYTES
from tests.services.gateway import reports
from tests.services.gateway.answers import problem
from tests.services.gateway.api.test_submit import objects_of
from tests.services.gateway.conftest import Scorer, Team
from tests.services.gateway.uploading import Uploading, opened

FILE = b"1\n2\n3\n4\n"


class Later:
    """A clock that can be put forward."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self.by = timedelta()

    def __call__(self) -> datetime:
        return self._clock() + self.by


@pytest.fixture
def later(desk: Desk) -> Later:
    return Later(desk.clock)


@pytest.fixture
def late_desk(courier_settings: CourierSettings, later: Later) -> Iterator[Desk]:
    desk = open_desk(courier_settings, "sweep tests", later)
    yield desk
    desk.close()


@pytest.fixture(autouse=True)
def only_ours(desk: Desk, gateway_url: str, servers: Addresses) -> Iterator[None]:
    """Other tests leave evaluations open on purpose: they are put away. What we queue is not left to others."""
    with desk.database.begin() as session:
        session.execute(update(EvaluationRow).where(EvaluationRow.state.in_(OPEN_STATES)).values(state="failed"))
    yield
    forget_jobs(servers)


def sweep(desk: Desk, settings: CourierSettings) -> None:
    """One round of the sweep over silent evaluations."""

    async def once() -> None:
        queue = Queue(settings.queue_address())
        await Sweeps(desk, queue, settings).look_after_silent()
        await queue.close()

    asyncio.run(once())


def enqueue_all(desk: Desk, settings: CourierSettings) -> None:
    """Do what the outbox owes to Redis."""

    async def act() -> None:
        queue = Queue(settings.queue_address())
        with desk.database.begin() as session:
            rows = session.scalars(select(OutboxRow).where(OutboxRow.kind == "evaluate")).all()
            session.execute(delete(OutboxRow))
        for row in rows:
            await Enqueuer(desk, queue).act(row.payload)
        await queue.close()

    asyncio.run(act())


def forget_jobs(servers: Addresses) -> None:
    """What a Redis without its data knows: nothing."""

    address = servers.queue_address("courier")
    with redis.Redis(address.host, address.port, username=address.username, password=address.password) as client:
        names = [name for pattern in ("arq:*", "evaluations*") for name in client.scan_iter(pattern)]
        if names:
            client.delete(*names)


def row_of(desk: Desk, evaluation: UUID) -> EvaluationRow:
    with desk.database.begin() as session:
        return session.get_one(EvaluationRow, evaluation)


def sent(team: Team, file: bytes = FILE) -> UUID:
    return UUID(team.submit(file).json()["submission"]["evaluation"]["id"])


def test_a_job_that_redis_has_lost_is_queued_as_a_new_attempt(
    team: Team, late_desk: Desk, later: Later, courier_settings: CourierSettings, servers: Addresses
) -> None:
    evaluation = sent(team)
    enqueue_all(late_desk, courier_settings)
    forget_jobs(servers)
    sweep(late_desk, courier_settings)
    assert row_of(late_desk, evaluation).attempt == 1, "it has not been silent for long enough"
    later.by = timedelta(seconds=11)
    sweep(late_desk, courier_settings)
    row = row_of(late_desk, evaluation)
    assert (row.attempt, row.state, row.enqueued_at) == (2, "queued", None)
    enqueue_all(late_desk, courier_settings)
    assert row_of(late_desk, evaluation).enqueued_at is not None


def test_a_job_that_waits_in_redis_is_left_alone_however_long(
    team: Team, late_desk: Desk, later: Later, courier_settings: CourierSettings
) -> None:
    evaluation = sent(team)
    enqueue_all(late_desk, courier_settings)
    for days in (1, 2, 3):
        later.by = timedelta(days=days)
        sweep(late_desk, courier_settings)
    row = row_of(late_desk, evaluation)
    assert (row.attempt, row.state) == (1, "queued")


def test_a_report_whose_bell_was_lost_is_applied(
    team: Team, scorer: Scorer, late_desk: Desk, later: Later, courier_settings: CourierSettings, servers: Addresses
) -> None:
    evaluation = sent(team)
    enqueue_all(late_desk, courier_settings)
    scorer.write(reports.scored(0.5), evaluation)
    forget_jobs(servers)
    later.by = timedelta(seconds=11)
    sweep(late_desk, courier_settings)
    row = row_of(late_desk, evaluation)
    assert (row.attempt, row.state, row.metrics) == (1, "scored", {"top_1_error": 1.0, "top_5_error": 0.5})


def test_a_report_that_cannot_be_read_starves_no_other_and_ends_when_its_time_is_up(
    team: Team, scorer: Scorer, late_desk: Desk, later: Later, courier_settings: CourierSettings, servers: Addresses
) -> None:
    broken, good = sent(team), sent(team, FILE + b"\n")
    enqueue_all(late_desk, courier_settings)
    assert scorer.notify(Notice(kind="started", evaluation=broken, attempt=1, run=1, scorer="tests")).is_success
    scorer.storage.put(keys.REPORTS, keys.report_key(broken, 1), b'{"from": "another version"}')
    scorer.write(reports.scored(0.5), good)
    forget_jobs(servers)
    later.by = timedelta(seconds=11)
    sweep(late_desk, courier_settings)
    assert (row_of(late_desk, broken).state, row_of(late_desk, good).state) == ("running", "scored")
    later.by = timedelta(seconds=courier_settings.attempt_seconds + 11)
    sweep(late_desk, courier_settings)
    assert row_of(late_desk, broken).state == "failed"
    assert team.remaining() == 1


def test_an_evaluation_that_the_queue_loses_ten_times_before_a_scorer_begins_it_is_queued_for_the_eleventh_time(
    team: Team, late_desk: Desk, later: Later, courier_settings: CourierSettings, servers: Addresses
) -> None:
    evaluation = sent(team)
    for _ in range(2 * courier_settings.attempts):
        enqueue_all(late_desk, courier_settings)
        forget_jobs(servers)
        later.by += timedelta(seconds=11)
        sweep(late_desk, courier_settings)
    row = row_of(late_desk, evaluation)
    assert (row.attempt, row.begun, row.state) == (2 * courier_settings.attempts + 1, 0, "queued")


def test_an_evaluation_whose_scorers_are_lost_again_and_again_fails_and_is_refunded(
    team: Team, late_desk: Desk, later: Later, courier_settings: CourierSettings, servers: Addresses
) -> None:
    evaluation = sent(team)
    assert team.remaining() == 1
    for attempt in range(1, courier_settings.attempts + 1):
        enqueue_all(late_desk, courier_settings)
        started = Notice(kind="started", evaluation=evaluation, attempt=attempt, run=1, scorer="tests")
        assert apply_notice(late_desk, started)
        forget_jobs(servers)
        later.by += timedelta(seconds=11)
        sweep(late_desk, courier_settings)
    row = row_of(late_desk, evaluation)
    assert (row.attempt, row.state) == (courier_settings.attempts, "failed")
    assert row.failure is not None
    assert row.failure["code"] == "never-finished"
    assert team.remaining() == 2


def test_an_attempt_that_runs_past_its_time_fails_even_while_redis_holds_it(
    team: Team, late_desk: Desk, later: Later, courier_settings: CourierSettings
) -> None:
    evaluation = sent(team)
    enqueue_all(late_desk, courier_settings)
    with late_desk.database.begin() as session:
        started = {"state": "running", "started_at": late_desk.clock()}
        session.execute(update(EvaluationRow).where(EvaluationRow.id == evaluation).values(started))
    later.by = timedelta(seconds=courier_settings.attempt_seconds + 1)
    sweep(late_desk, courier_settings)
    assert row_of(late_desk, evaluation).state == "failed"
    assert team.remaining() == 2


def test_an_upload_whose_gateway_died_is_abandoned_and_its_place_returned(
    team: Team, late_desk: Desk, later: Later, courier_settings: CourierSettings
) -> None:
    submission = uuid4()
    limits = Limits(pool="tiny-test", places=2, window_seconds=604_800, forgiven_per_day=3)
    late_desk.allowance.reserve(submission, team.id, limits, hold_seconds=7200)
    now = late_desk.clock()
    with late_desk.database.begin() as session:
        session.add(
            SubmissionRow(
                id=submission,
                team_id=team.id,
                challenge="tiny",
                task="classification",
                split="test",
                state="open",
                method="",
                description="",
                track="provided",
                object_key=f"{team.id}/{submission}",
                created_at=now,
                deadline_at=now + timedelta(hours=1),
            )
        )
    sweeps = Sweeps(late_desk, Queue(courier_settings.queue_address()), courier_settings)
    sweeps.abandon_overdue()
    assert team.remaining() == 1, "it may still be uploading"
    later.by = timedelta(hours=1, seconds=1)
    sweeps.abandon_overdue()
    with late_desk.database.begin() as session:
        assert session.get_one(SubmissionRow, submission).state == "abandoned"
    assert team.remaining() == 2


def sweeps_of(desk: Desk, settings: CourierSettings) -> Sweeps:
    return Sweeps(desk, Queue(settings.queue_address()), settings)


def test_an_upload_in_parts_has_its_day_and_is_then_abandoned_with_all_its_parts(
    team: Team, late_desk: Desk, later: Later, courier_settings: CourierSettings
) -> None:
    upload = opened(team, FILE * 400).put_all()
    sweeps = sweeps_of(late_desk, courier_settings)
    later.by = timedelta(seconds=courier_settings.resumable_seconds - 60)
    sweeps.abandon_overdue()
    assert upload.view()["state"] == "open"
    assert team.remaining() == 1
    later.by += timedelta(seconds=61)
    sweeps.abandon_overdue()
    problem(upload.put(1), 404, "upload-given-up")
    assert team.remaining() == 2
    assert objects_of(team, late_desk) == []


def test_an_upload_whose_time_is_up_takes_no_part_before_a_sweep_has_seen_it(team: Team, desk: Desk) -> None:
    upload = opened(team, FILE * 400).put_all()
    with desk.database.begin() as session:
        past = desk.clock() - timedelta(seconds=1)
        session.execute(update(UploadRow).where(UploadRow.id == upload.id).values(expires_at=past))
    for answer in (upload.put(1), upload.complete()):
        problem(answer, 409, "upload-expired")
    assert team.http.get("/v1/uploads").json()["items"] == []
    assert team.http.delete(upload.path).status_code == 204


def test_parts_that_a_dead_gateway_left_behind_a_sealed_submission_are_deleted(
    team: Team, late_desk: Desk, later: Later, courier_settings: CourierSettings
) -> None:
    upload = opened(team, FILE).put_all()
    sealed = objects_of(team, late_desk)
    assert upload.complete().is_success
    for key in sealed:
        late_desk.storage.put(keys.SUBMISSIONS, key, FILE)
    begun = late_desk.storage.upload(keys.SUBMISSIONS, keys.submission_key(team.id, upload.id))
    begun.write(bytes(PART_BYTES + 1))
    sweeps = sweeps_of(late_desk, courier_settings)
    sweeps.clear_uploads()
    assert len(objects_of(team, late_desk)) == 2, "a part may still be under way"
    later.by = timedelta(minutes=11)
    sweeps.clear_uploads()
    assert objects_of(team, late_desk) == [f"{team.id}/{upload.id}"]
    assert late_desk.storage.abort_uploads(keys.SUBMISSIONS, keys.submission_key(team.id, upload.id)) == 0
    assert upload.complete().is_success, "and it still answers the same"


def test_a_living_upload_is_not_cleared_however_long_it_lasts(
    team: Team, late_desk: Desk, later: Later, courier_settings: CourierSettings
) -> None:
    upload = opened(team, FILE).put_all()
    later.by = timedelta(days=2)
    sweeps_of(late_desk, courier_settings).clear_uploads()
    assert upload.complete().is_success


def test_a_completion_whose_gateway_died_can_be_asked_for_again_after_its_lease(team: Team, desk: Desk) -> None:
    upload = opened(team, FILE).put_all()
    lease_ends(desk, upload, timedelta(seconds=60))
    problem(upload.complete(), 409, "upload-completing")
    problem(team.http.delete(upload.path), 409, "upload-completing")
    lease_ends(desk, upload, timedelta(seconds=-1))
    assert upload.complete().is_success


def lease_ends(desk: Desk, upload: Uploading, from_now: timedelta) -> None:
    """As a gateway leaves it that is putting the parts together."""
    with desk.database.begin() as session:
        until = desk.clock() + from_now
        session.execute(update(UploadRow).where(UploadRow.id == upload.id).values(completing_until=until))
