"""Queries for boards: how far a board has changed, what has changed on it since, and what a page shows of entries."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Double, cast, func, select
from sqlalchemy.orm import Session

from services.gateway.lifecycle import FINAL_STATES
from services.gateway.ranking import Candidate
from services.gateway.store.challenges import Venue
from services.gateway.store.submissions import Judged
from services.gateway.tables import BoardRow, EntryRow, EvaluationRow, SubmissionRow, TeamRow

LEVEL = "99.9"
"""The intervals by which entries are told apart: the challenge's own level."""


@dataclass(frozen=True, slots=True)
class Mark:
    """How far a board has come: the number of its changes, and the name that only this state of it has."""

    changes: int
    state: UUID


@dataclass(frozen=True, slots=True)
class Standing:
    """An entry as far as the order of a board needs it; `evaluation` is the one that counts."""

    candidate: Candidate
    evaluation: UUID
    track: str
    published_at: datetime


@dataclass(frozen=True, slots=True)
class Shown:
    """What a board shows of an entry besides where it stands."""

    submission: UUID
    entry_id: UUID | None
    team: str
    method: str
    description: str
    track: str
    participating: bool
    published_at: datetime
    metrics: Mapping[str, float]


def mark(session: Session, venue: Venue) -> Mark | None:
    """How far the board of `venue` has come; None where nothing has been put on it."""
    here = (venue.published.challenge.name, venue.task_name, venue.split_name)
    row = session.execute(select(BoardRow.changes, BoardRow.state).where(*_at(BoardRow, here))).one_or_none()
    return Mark(*row) if row else None


def changed(session: Session, venue: Venue, since: int) -> dict[UUID, Standing | None]:
    """The entries of `venue` with a change after number `since`, by submission; None for one that is on no board now.

    Its newest outcome counts; while it is evaluated anew, the one before stands. Under an older version there may have
    been another headline: such an entry waits for its new evaluation.
    """
    here = (venue.published.challenge.name, venue.task_name, venue.split_name)
    newest = (
        select(EvaluationRow.id, EvaluationRow.state, EvaluationRow.metrics, EvaluationRow.intervals)
        .where(EvaluationRow.submission_id == EntryRow.submission_id, EvaluationRow.state.in_(FINAL_STATES))
        .order_by(EvaluationRow.created_at.desc())
        .limit(1)
        .correlate(EntryRow)
        .lateral("newest")
    )
    value = cast(newest.c.metrics[venue.task.headline].astext, Double)
    low, high = (_end(newest.c.intervals, venue.task.headline, name) for name in ("low", "high"))
    rows = session.execute(
        select(
            EntryRow.submission_id,
            SubmissionRow.team_id,
            value,
            func.coalesce(low, value),
            func.coalesce(high, value),
            SubmissionRow.participating,
            newest.c.id,
            SubmissionRow.track,
            SubmissionRow.published_at,
            newest.c.state,
        )
        .join(SubmissionRow, SubmissionRow.id == EntryRow.submission_id)
        .outerjoin(newest, newest.c.state == "scored")
        .where(*_at(EntryRow, here), EntryRow.change > since)
    )
    return {row[0]: _standing(*row) for row in rows}


def _standing(
    submission: UUID,
    team: UUID,
    value: float | None,
    low: float,
    high: float,
    participating: bool,
    evaluation: UUID,
    track: str,
    published_at: datetime | None,
    _state: str | None,
) -> Standing | None:
    if value is None or published_at is None:
        return None
    return Standing(Candidate(submission, team, value, low, high, participating), evaluation, track, published_at)


def shown(session: Session, evaluations: Collection[UUID]) -> dict[UUID, Shown]:
    """What is shown of the entries that these evaluations count for, by submission."""
    rows = session.execute(
        select(
            SubmissionRow.id,
            SubmissionRow.entry_id,
            TeamRow.name,
            SubmissionRow.method,
            SubmissionRow.description,
            SubmissionRow.track,
            SubmissionRow.participating,
            SubmissionRow.published_at,
            EvaluationRow.metrics,
        )
        .join(EvaluationRow, EvaluationRow.submission_id == SubmissionRow.id)
        .join(TeamRow, TeamRow.id == SubmissionRow.team_id)
        .where(EvaluationRow.id.in_(evaluations))
    )
    return {row[0]: Shown(*row) for row in rows}


def judged(session: Session, evaluations: Collection[UUID]) -> dict[UUID, Judged]:
    """The whole of the entries that these evaluations count for, by submission."""
    rows = session.execute(
        select(SubmissionRow, EvaluationRow, TeamRow)
        .join(EvaluationRow, EvaluationRow.submission_id == SubmissionRow.id)
        .join(TeamRow, TeamRow.id == SubmissionRow.team_id)
        .where(EvaluationRow.id.in_(evaluations))
    )
    return {row[0].id: Judged(row[0], row[1], row[2]) for row in rows}


def _at(table: type[BoardRow | EntryRow], here: tuple[str, str, str]) -> tuple[ColumnElement[bool], ...]:
    return (table.challenge == here[0], table.task == here[1], table.split == here[2])


def _end(intervals: ColumnElement[Any], headline: str, name: str) -> ColumnElement[float]:
    return cast(intervals[(headline, LEVEL, name)].astext, Double)
