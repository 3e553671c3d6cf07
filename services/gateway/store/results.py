"""Queries for results on their way out: a submission with the outcome that stands, a team's own, and families of models."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy import Uuid as UUIDType
from sqlalchemy.dialects.postgresql import ARRAY, aggregate_order_by
from sqlalchemy.orm import Session

from services.gateway.families import MARK, named
from services.gateway.lifecycle import FINAL_STATES
from services.gateway.store.submissions import Judged, judged_by
from services.gateway.tables import EvaluationRow, SubmissionRow, TeamRow


@dataclass(frozen=True, slots=True)
class Within:
    """Which of a team's submissions: of one edition, task, split or family, or of all; scored ones, or all."""

    challenge: str | None = None
    task: str | None = None
    split: str | None = None
    family: str | None = None
    scored: bool = False


@dataclass(frozen=True, slots=True)
class Used:
    """A method's name, how many sealed submissions have it, and the last of these: when it was begun, and its id."""

    method: str
    count: int
    latest_at: datetime
    latest: UUID


def standing(session: Session, submission: UUID) -> Judged | None:
    """A submission with its newest outcome, as boards show it: while it is evaluated anew, the one before stands."""
    row = session.execute(_standing().where(SubmissionRow.id == submission)).one_or_none()
    return Judged(row[0], row[1], row[2]) if row else None


def own(session: Session, team: UUID, within: Within, limit: int) -> Sequence[Judged]:
    """A team's newest `limit` sealed submissions, from old to new, each with the outcome that stands."""
    query = _standing().where(SubmissionRow.team_id == team, SubmissionRow.state == "sealed", *_in(within))
    newest = query.order_by(SubmissionRow.created_at.desc(), SubmissionRow.id.desc()).execution_options(yield_per=500)
    with session.execute(newest) as rows:
        chosen = (Judged(*row) for row in rows if within.family in (None, named(row[0].method).family))
        return list(islice(chosen, limit))[::-1]


def methods(session: Session, team: UUID) -> Sequence[Used]:
    """The names of a team's methods, the last used first."""
    newest = (SubmissionRow.created_at.desc(), SubmissionRow.id.desc())
    latest_at = func.max(SubmissionRow.created_at).label("latest_at")
    latest = func.array_agg(aggregate_order_by(SubmissionRow.id, *newest), type_=ARRAY(UUIDType))[1].label("latest")
    rows = session.execute(
        select(SubmissionRow.method, func.count(), latest_at, latest)
        .where(SubmissionRow.team_id == team, SubmissionRow.state == "sealed")
        .group_by(SubmissionRow.method)
        .order_by(latest_at.desc(), latest.desc())
    )
    return [Used(*row) for row in rows]


def _standing() -> Select[SubmissionRow, EvaluationRow, TeamRow]:
    return judged_by(EvaluationRow.state.in_(FINAL_STATES).desc(), EvaluationRow.created_at.desc())


def _in(within: Within) -> list[ColumnElement[bool]]:
    """Conditions for the database; which of the names are of the family, `named` decides."""
    columns = (
        (SubmissionRow.challenge, within.challenge),
        (SubmissionRow.task, within.task),
        (SubmissionRow.split, within.split),
    )
    conditions: list[ColumnElement[bool]] = [column == value for column, value in columns if value is not None]
    if within.scored:
        conditions.append(EvaluationRow.state == "scored")
    if within.family is not None:
        method = func.trim(SubmissionRow.method)
        spelled = method.startswith(within.family, autoescape=True) & SubmissionRow.method.contains(MARK)
        conditions.append(or_(method == within.family, spelled))
    return conditions
