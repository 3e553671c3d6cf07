"""The end of a run: everything that is owed is let happen, at once where it would wait for hours, before it is judged."""

import time
from datetime import datetime, timedelta

from sqlalchemy import exists, func, or_, select, update

from services.gateway.courier.deliver import ATTEMPT_SECONDS, Deliverer
from services.gateway.courier.settle import UNKNOWN
from services.gateway.desk import Desk
from services.gateway.lifecycle import OPEN_STATES
from services.gateway.store import rescoring
from services.gateway.tables import EvaluationRow, OutboxRow, SubmissionRow
from shared.clock import utc_now
from tests.faults.organiser import Organiser
from tests.stacks import Stack

PATIENCE_SECONDS = 150.0


def calm_down(stack: Stack, desk: Desk, organiser: Organiser) -> float:
    """Wait until nothing is open or owed, or patience ends: then the checker says what is left. Returns the seconds.

    The clocks of deliveries and of uploads that broke are put forward: that they run out by themselves is shown
    elsewhere, and would take hours. What has failed late is evaluated again.
    """
    began = time.monotonic()
    while time.monotonic() < began + PATIENCE_SECONDS:
        _hurry(desk, datetime.fromisoformat(stack.program("courier")["since"]))
        if not organiser.evaluate_again() and not _is_something_left(desk):
            break
        time.sleep(1)
    return time.monotonic() - began


def _hurry(desk: Desk, courier_since: datetime) -> None:
    now = utc_now()
    # What was claimed before the present courier was born is nobody's, nor what nobody can be at any more.
    claimed = OutboxRow.leased_until - Deliverer.lease
    long_ago = now - timedelta(seconds=ATTEMPT_SECONDS + 2)
    free = or_(OutboxRow.leased_until.is_(None), claimed < courier_since, claimed < long_ago)
    with desk.database.begin() as session:
        session.execute(
            update(OutboxRow)
            .where(
                OutboxRow.kind.in_(("deliver", "settle")),
                OutboxRow.given_up_at.is_(None),
                OutboxRow.next_attempt_at > now,
                free,
            )
            .values(next_attempt_at=now, leased_until=None)
        )
        session.execute(
            update(SubmissionRow)
            .where(SubmissionRow.state == "open", SubmissionRow.deadline_at > now)
            .values(deadline_at=now - timedelta(seconds=1))
        )
        session.execute(select(func.pg_notify("outbox", "")))


def _is_something_left(desk: Desk) -> bool:
    left = (
        exists().where(EvaluationRow.state.in_(OPEN_STATES)),
        exists().where(SubmissionRow.state == "open"),
        exists().where(OutboxRow.given_up_at.is_(None), OutboxRow.last_error.is_distinct_from(UNKNOWN)),
    )
    with desk.database.begin() as session:
        return bool(session.scalar(select(or_(*left))) or rescoring.owed(session))
