"""A report that S3 has lost comes back byte for byte by itself: told of once, charged once."""

from contextlib import closing
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import delete, func, select, update

from services.gateway.courier.prover import CHORE
from services.gateway.tables import ChoreRow, EvaluationRow, EventRow
from shared import keys
from shared.report import REPORT_BYTES
from shared.storage import Storage
from tests.stacks import Stack
from tests.system.participants import Organiser
from tests.waiting import eventually

pytestmark = pytest.mark.system

TRUTH = b"1\n2\n3\n4\n"


def test_a_report_that_is_gone_is_made_anew_and_nothing_else_comes_of_it(
    stack: Stack, organiser: Organiser, tmp_path: Path
) -> None:
    visitor = organiser.found(organiser.host(tmp_path, TRUTH))
    submission = visitor.scored(b"1 2 3 4 5\n" * 4, "to be lost")["id"]
    evaluation = UUID(visitor.look(submission)["evaluation"]["id"])
    key, taken = keys.report_key(evaluation, 1), visitor.standing()["taken"]
    with closing(Storage(stack.addresses.storage_address("admin"))) as storage:
        before = storage.read(keys.REPORTS, key, REPORT_BYTES)
        storage.delete(keys.REPORTS, key)
        begin_a_round(organiser, evaluation)
        found = visitor.look(submission)
        eventually(lambda: storage.exists(keys.REPORTS, key))
        assert storage.read(keys.REPORTS, key, REPORT_BYTES) == before
    assert visitor.look(submission) == found
    assert visitor.standing()["taken"] == taken
    with organiser.desk.database.begin() as session:
        assert session.scalar(select(func.count()).where(EventRow.submission_id == UUID(submission))) == 1


def begin_a_round(organiser: Organiser, evaluation: UUID) -> None:
    """As if the evaluation had ended a minute ago, and a day had passed since the last round."""
    with organiser.desk.database.begin() as session:
        ended = EvaluationRow.finished_at - timedelta(minutes=1)
        session.execute(update(EvaluationRow).where(EvaluationRow.id == evaluation).values(finished_at=ended))
        session.execute(delete(ChoreRow).where(ChoreRow.name == CHORE))
