"""What S3 has lost of an evaluation that has ended is noted, and made anew where it can be: on a real S3."""

import asyncio
import dataclasses
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import delete, select

from deploy.stack.addresses import Addresses
from deploy.stack.environment import known
from services.gateway.actions.apply import apply_notice
from services.gateway.courier.evaluate import Enqueuer
from services.gateway.courier.prover import AGAIN, CHORE, ROUND, SETTLED, Prover
from services.gateway.desk import Desk
from services.gateway.doctor.backlog import check_losses
from services.gateway.doctor.patient import Patient
from services.gateway.doctor.told import Told
from services.gateway.settings import CourierSettings
from services.gateway.status.look import look
from services.gateway.store import orphans
from services.gateway.tables import ChoreRow, EvaluationRow, EventRow, LossRow, OutboxRow, SubmissionRow
from shared import keys
from shared.messages import Notice, job_id
from shared.queue import Queue
from shared.storage import Storage
from tests.services.gateway import reports
from tests.services.gateway.conftest import Scorer, Team
from tests.services.gateway.courier.draining import Moment
from tests.services.gateway.doctor.conftest import told

FILE = b"1\n2\n3\n4\n"
REPORT = reports.scored(0.5)


@pytest.fixture
def still(desk: Desk, moment: Moment) -> Iterator[Desk]:
    """A desk whose clock is in our hands, and which knows of no loss."""
    reset(desk)
    yield dataclasses.replace(desk, clock=moment)
    reset(desk)


def reset(desk: Desk) -> None:
    with desk.database.begin() as session:
        session.execute(delete(LossRow))
        session.execute(delete(ChoreRow).where(ChoreRow.name == CHORE))


@pytest.fixture
def admin(servers: Addresses) -> Iterator[Storage]:
    with closing(Storage(servers.storage_address("admin"))) as storage:
        yield storage


@pytest.fixture
def evaluation(team: Team, scorer: Scorer, still: Desk) -> UUID:
    """One that has ended just now, and the next to be looked at: other tests leave rows without reports."""
    evaluation = UUID(team.submit(FILE).json()["submission"]["evaluation"]["id"])
    assert scorer.conclude(REPORT, evaluation)
    ended = row_of(still, evaluation).finished_at
    assert ended is not None
    with still.database.begin() as session:
        session.execute(delete(OutboxRow))
        place = f"{(ended - timedelta(microseconds=1)).isoformat()} {uuid4()}"
        orphans.came_to(session, CHORE, still.clock(), place, 0)
    return evaluation


def row_of(desk: Desk, evaluation: UUID) -> EvaluationRow:
    with desk.database.begin() as session:
        return session.get_one(EvaluationRow, evaluation)


def loss_of(desk: Desk, evaluation: UUID) -> str | None:
    with desk.database.begin() as session:
        return session.scalar(select(LossRow.state).where(LossRow.evaluation_id == evaluation))


def owed(desk: Desk, evaluation: UUID) -> list[OutboxRow]:
    with desk.database.begin() as session:
        rows = session.scalars(select(OutboxRow).where(OutboxRow.kind == "evaluate")).all()
    return [row for row in rows if row.payload["evaluation"] == str(evaluation)]


def tend(desk: Desk, moment: Moment, after: timedelta = SETTLED + timedelta(minutes=1)) -> None:
    moment.now += after
    Prover(desk).tend()


def lose_report(admin: Storage, evaluation: UUID) -> None:
    admin.delete(keys.REPORTS, keys.report_key(evaluation, 1))


def test_what_is_there_is_left_alone(still: Desk, moment: Moment, evaluation: UUID) -> None:
    tend(still, moment)
    assert loss_of(still, evaluation) is None
    assert not owed(still, evaluation)


def test_a_lost_report_is_asked_for_once_and_taken_without_a_second_event_or_charge(
    team: Team, scorer: Scorer, still: Desk, moment: Moment, admin: Storage, evaluation: UUID
) -> None:
    before, places = row_of(still, evaluation), team.remaining()
    lose_report(admin, evaluation)
    for _ in range(3):
        tend(still, moment)
    assert loss_of(still, evaluation) == "awaited"
    assert len(owed(still, evaluation)) == 1, "it stands in line once"
    started = Notice(kind="started", evaluation=evaluation, attempt=1, run=1, scorer="tests")
    assert apply_notice(still, started), "the scorer is to go on"
    scorer.conclude(REPORT, evaluation)
    tend(still, moment, AGAIN + timedelta(seconds=1))
    assert loss_of(still, evaluation) is None
    after = row_of(still, evaluation)
    assert (after.state, after.attempt, after.finished_at, after.report_digest, after.metrics) == (
        before.state,
        before.attempt,
        before.finished_at,
        before.report_digest,
        before.metrics,
    )
    with still.database.begin() as session:
        events = session.scalars(select(EventRow).where(EventRow.submission_id == after.submission_id)).all()
    assert len(events) == 1
    assert team.remaining() == places
    assert not apply_notice(still, started), "it counts no more"


def test_the_queue_is_given_an_attempt_that_is_over_only_while_its_report_is_awaited(
    still: Desk, moment: Moment, admin: Storage, evaluation: UUID, courier_settings: CourierSettings
) -> None:
    assert not asyncio.run(queued(still, courier_settings, evaluation))
    lose_report(admin, evaluation)
    tend(still, moment)
    assert asyncio.run(queued(still, courier_settings, evaluation))


async def queued(desk: Desk, settings: CourierSettings, evaluation: UUID) -> bool:
    """Whether the queue has its first attempt when the outbox owes that."""
    queue = Queue(settings.queue_address())
    await Enqueuer(desk, queue).act({"evaluation": str(evaluation), "attempt": 1})
    held = await queue.holds([job_id(evaluation, 1)])
    await queue.close()
    return bool(held)


def test_a_report_that_comes_out_otherwise_is_an_incident_until_the_first_one_is_back(
    scorer: Scorer, still: Desk, moment: Moment, admin: Storage, evaluation: UUID, servers: Addresses
) -> None:
    lose_report(admin, evaluation)
    tend(still, moment)
    assert told(check_losses, patient(servers))[0] == "warning"
    scorer.write(reports.scored(0.75), evaluation)
    tend(still, moment, AGAIN + timedelta(seconds=1))
    assert loss_of(still, evaluation) == "differs"
    assert row_of(still, evaluation).metrics == REPORT.metrics
    assert str(evaluation) in told(check_losses, patient(servers))[1]
    assert part_of(still) == "trouble"
    scorer.write(REPORT, evaluation)
    tend(still, moment, AGAIN + timedelta(seconds=1))
    assert told(check_losses, patient(servers))[0] == "ok"
    assert part_of(still) == "working"


def test_a_lost_file_is_an_incident_and_nothing_is_asked_for(
    still: Desk, moment: Moment, admin: Storage, evaluation: UUID, servers: Addresses
) -> None:
    key = object_of(still, evaluation)
    admin.delete(keys.SUBMISSIONS, key)
    tend(still, moment)
    assert (loss_of(still, evaluation), owed(still, evaluation)) == ("lost", [])
    assert told(check_losses, patient(servers))[0] == "trouble"
    assert part_of(still) == "trouble"
    admin.put(keys.SUBMISSIONS, key, FILE)
    tend(still, moment, AGAIN + timedelta(seconds=1))
    assert loss_of(still, evaluation) is None


def test_what_is_lost_later_is_found_within_a_day(
    still: Desk, moment: Moment, admin: Storage, evaluation: UUID
) -> None:
    tend(still, moment)
    lose_report(admin, evaluation)
    tend(still, moment, timedelta(hours=1))
    assert loss_of(still, evaluation) is None
    # On the first page of the next round, whatever else there is.
    with still.database.begin() as session:
        session.get_one(EvaluationRow, evaluation).finished_at = datetime(2000, 1, 1, tzinfo=UTC)
    tend(still, moment, ROUND)
    assert loss_of(still, evaluation) == "awaited"


def test_a_report_under_its_earlier_key_counts(
    team: Team, still: Desk, moment: Moment, admin: Storage, evaluation: UUID
) -> None:
    lose_report(admin, evaluation)
    admin.put(keys.REPORTS, keys.earlier_report_key(evaluation, 1), REPORT.canonical())
    tend(still, moment)
    assert loss_of(still, evaluation) is None
    answer = team.http.get(f"/v1/submissions/{row_of(still, evaluation).submission_id}/report")
    assert answer.raise_for_status().content == REPORT.canonical()


def object_of(desk: Desk, evaluation: UUID) -> str:
    with desk.database.begin() as session:
        return session.get_one(SubmissionRow, session.get_one(EvaluationRow, evaluation).submission_id).object_key


def part_of(desk: Desk) -> str:
    """How `/status` says that reports are."""
    return next(part.condition for part in look(desk, desk.clock()).parts if part.name == "reports")


def patient(servers: Addresses) -> Patient:
    """Whom the doctor looks at."""
    return Patient(Told(known("doctor", servers)))
