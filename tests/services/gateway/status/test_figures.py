"""The figures are those of a slow and obvious second count."""

import statistics
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete

from services.gateway.desk import Desk
from services.gateway.store import figures
from services.gateway.tables import EvaluationRow, OutboxRow
from tests.services.gateway.conftest import Team
from tests.services.gateway.telling import submission_of

FAR = datetime(2199, 1, 1, tzinfo=UTC)
"""Nobody else's evaluations finish then."""

ENDINGS = st.lists(
    st.tuples(st.sampled_from(["scored", "rejected", "failed"]), st.integers(1, 10_000), st.booleans()), max_size=12
)


@pytest.fixture
def clean(desk: Desk) -> Iterator[None]:
    yield
    forget(desk)


def forget(desk: Desk) -> None:
    with desk.database.begin() as session:
        session.execute(delete(EvaluationRow).where(EvaluationRow.finished_at > FAR))


def evaluation(submission: UUID, state: str, created_at: datetime, finished_at: datetime) -> EvaluationRow:
    return EvaluationRow(
        id=uuid4(),
        submission_id=submission,
        version=1,
        definition="",
        truth="",
        state=state,
        attempt=1,
        created_at=created_at,
        heard_at=created_at,
        finished_at=finished_at,
        failure={"code": "never-finished"} if state == "failed" else None,
    )


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ENDINGS)
def test_times_and_outcomes_are_those_of_a_count_by_hand(
    desk: Desk, team: Team, clean: None, endings: list[tuple[str, int, bool]]
) -> None:
    forget(desk)
    begun = FAR + timedelta(days=1)
    with desk.database.begin() as session:
        for state, tenths, anew in endings:
            row = session.merge(submission_of(desk, team.id))
            row.sealed_at = begun
            finished = begun + timedelta(seconds=tenths / 10)
            session.add(evaluation(row.id, state, begun, finished))
            if anew:
                session.add(evaluation(row.id, "scored", begun + timedelta(days=9), begun + timedelta(days=10)))
    with desk.database.begin() as session:
        times, ends = figures.durations(session, begun), figures.outcomes(session, begun)
        failures = figures.failures(session, begun)
    seconds = [tenths / 10 for state, tenths, _ in endings if state != "failed"]
    again = sum(anew for _, _, anew in endings)
    assert times.count == len(seconds)
    assert times.p50_seconds == (pytest.approx(statistics.median(seconds)) if seconds else None)
    assert (times.p90_seconds is None) == (not seconds)
    states = [state for state, _, _ in endings] + ["scored"] * again
    assert ends == {state: states.count(state) for state in ("scored", "rejected", "failed")}
    assert failures == ({"never-finished": states.count("failed")} if "failed" in states else {})


def test_what_is_due_and_not_given_up_is_owed_since_it_was_due(desk: Desk) -> None:
    kind = f"test {uuid4().hex}"
    due = FAR - timedelta(days=40_000)
    rows = [
        OutboxRow(kind=kind, payload={}, created_at=due, next_attempt_at=due + timedelta(days=days), given_up_at=ended)
        for days, ended in ((2, None), (1, None), (0, due), (30, None))
    ]
    with desk.database.begin() as session:
        session.add_all(rows)
        session.flush()
        found = figures.owed(session, due + timedelta(days=3))
        for row in rows:
            session.delete(row)
    assert [(owed.due, owed.oldest_due_at) for owed in found if owed.kind == kind] == [(2, due + timedelta(days=1))]
