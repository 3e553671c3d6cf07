"""Queries for what is being evaluated and what was lately: the ground that a forecast stands on."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from services.gateway.forecast import Running, Waiting
from services.gateway.lifecycle import OPEN_STATES
from services.gateway.tables import EvaluationRow, SubmissionRow

LATELY = timedelta(hours=24)
"""An older run tells little: the machine, the scorer or the load was another."""

RUNS = 200
"""How many of the last runs count, of all places together."""

_PLACE = func.concat_ws("/", SubmissionRow.challenge, SubmissionRow.task, SubmissionRow.split)


def handed(session: Session, now: datetime) -> tuple[list[Running], list[Waiting]]:
    """What Redis was given: what runs, and what a scorer takes next, in this order."""
    rows = session.execute(
        select(EvaluationRow.id, EvaluationRow.state, EvaluationRow.started_at, SubmissionRow.team_id, _PLACE)
        .join(SubmissionRow, SubmissionRow.id == EvaluationRow.submission_id)
        .where(EvaluationRow.state.in_(OPEN_STATES), EvaluationRow.enqueued_at.is_not(None))
        .order_by(EvaluationRow.enqueued_at)
    ).all()
    running = [
        Running(place, max(0.0, (now - (started or now)).total_seconds()))
        for _, state, started, _, place in rows
        if state == "running"
    ]
    return running, [Waiting(id_, team, place) for id_, state, _, team, place in rows if state == "queued"]


def lately(session: Session, now: datetime) -> Sequence[tuple[str, float]]:
    """Place and seconds of the last runs that came to a score or a rejection."""
    rows = session.execute(
        select(_PLACE, EvaluationRow.started_at, EvaluationRow.finished_at)
        .join(SubmissionRow, SubmissionRow.id == EvaluationRow.submission_id)
        .where(
            EvaluationRow.started_at.is_not(None),
            EvaluationRow.finished_at > now - LATELY,
            EvaluationRow.state.in_(("scored", "rejected")),
        )
        .order_by(EvaluationRow.finished_at.desc())
        .limit(RUNS)
    ).all()
    return [(place, (finished - started).total_seconds()) for place, started, finished in rows]
