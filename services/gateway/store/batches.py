"""Queries for batches and their models. A model has one submission at a time: of two who give it one, one wins.

Whatever changes a model, here or by its evaluation, counts in `changes` of its batch and rings its bell: triggers do it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, case, exists, func, insert, or_, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert as insert_unless
from sqlalchemy.orm import Session

from services.gateway.lifecycle import ModelState
from services.gateway.store.challenges import Venue
from services.gateway.store.submissions import NEWEST, Cursor, keeps_place
from services.gateway.tables import BatchModelRow, BatchRow, EvaluationRow, SubmissionRow

CHANNEL = "batches"
"""Rings with a batch's id when one of its models has changed."""

_STATE = case(
    (BatchModelRow.refused, "refused"),
    (or_(SubmissionRow.id.is_(None), SubmissionRow.state == "abandoned"), "wanted"),
    (SubmissionRow.state == "open", "uploading"),
    else_=func.coalesce(EvaluationRow.state, "sealed"),
)


_UNSENT = (BatchModelRow.submission_id.is_(None), ~BatchModelRow.refused)


@dataclass(frozen=True, slots=True)
class Followed:
    """A model as it stands, with its submission and the evaluation that counts for that."""

    model: BatchModelRow
    submission: SubmissionRow | None
    evaluation: EvaluationRow | None
    state: ModelState


def add(session: Session, batch: BatchRow, models: Iterable[BatchModelRow]) -> bool:
    """Add a batch with its models; False when the team has one of this manifest, which whoever is slower waits for."""
    values = {name: getattr(batch, name) for name in BatchRow.__table__.columns.keys()}  # noqa: SIM118 - not a dict
    added = insert_unless(BatchRow).values(values).on_conflict_do_nothing(constraint="uq_batches_digest")
    if session.scalar(added.returning(BatchRow.id)) is None:
        return False
    names = BatchModelRow.__table__.columns.keys()
    session.execute(insert(BatchModelRow), [{name: getattr(model, name) for name in names} for model in models])
    return True


def of_manifest(session: Session, team: UUID, digest: str) -> BatchRow:
    """The team's batch of this manifest, which it has."""
    return session.scalars(select(BatchRow).where(BatchRow.team_id == team, BatchRow.digest == digest)).one()


def find(session: Session, batch: UUID) -> BatchRow | None:
    """One batch."""
    return session.get(BatchRow, batch)


def mine(session: Session, team: UUID, after: Cursor | None, limit: int) -> Sequence[BatchRow]:
    """A team's batches from new to old, at most `limit`, those after `after`."""
    query = select(BatchRow).where(BatchRow.team_id == team)
    if after is not None:
        query = query.where(tuple_(BatchRow.created_at, BatchRow.id) < (after.created_at, after.id))
    return session.scalars(query.order_by(BatchRow.created_at.desc(), BatchRow.id.desc()).limit(limit)).all()


def models(session: Session, batch: UUID) -> Sequence[Followed]:
    """All models of a batch, in the manifest's order."""
    return _followed(session, _models().where(BatchModelRow.batch_id == batch).order_by(BatchModelRow.index))


def model(session: Session, batch: UUID, index: int) -> Followed | None:
    """One of them."""
    found = _followed(session, _models().where(BatchModelRow.batch_id == batch, BatchModelRow.index == index))
    return found[0] if found else None


def changed(session: Session, batch: UUID, after: int, limit: int) -> Sequence[Followed]:
    """The models whose last change is later than the `after`th, in this order, at most `limit`."""
    later = _models().where(BatchModelRow.batch_id == batch, BatchModelRow.change > after)
    return _followed(session, later.order_by(BatchModelRow.change).limit(limit))


def counts(session: Session, batches: Iterable[UUID]) -> dict[UUID, dict[ModelState, int]]:
    """How many models of each batch are in each state."""
    rows = _joined(select(BatchModelRow.batch_id, _STATE.label("state")))
    each = rows.where(BatchModelRow.batch_id.in_(list(batches))).subquery()
    query = select(each.c.batch_id, each.c.state, func.count()).group_by(each.c.batch_id, each.c.state)
    found: dict[UUID, dict[ModelState, int]] = {}
    for batch, state, number in session.execute(query):
        found.setdefault(batch, {})[state] = number
    return found


def link(session: Session, batch: UUID, index: int, submission: UUID, known: bool) -> bool:
    """Let `submission` stand for a model that has none; False when somebody was quicker."""
    return _change(session, batch, index, None, submission_id=submission, known=known, refused=False, problem=None)


def unlink(session: Session, found: Followed) -> bool:
    """Want a model anew whose submission came to nothing; False when it has another by now."""
    model = found.model
    return _change(session, model.batch_id, model.index, model.submission_id, submission_id=None, known=False)


def may_come_anew(session: Session, venue: Venue, found: Followed) -> bool:
    """Whether the submission that a model has came to nothing on our side, so that its file may come anew."""
    model = found.model
    this = (BatchModelRow.batch_id == model.batch_id, BatchModelRow.index == model.index)
    return bool(_followed(session, _models().where(*this, _came_to_nothing(venue))))


def note(session: Session, batch: UUID, index: int, problem: dict[str, Any] | None, refused: bool) -> bool:
    """Say why a model that has no submission is refused, or not taken yet; False when it has one by now."""
    return _change(session, batch, index, None, problem=problem, refused=refused)


def want_anew(session: Session, venue: Venue, batch: UUID, indices: Sequence[int], until: datetime) -> None:
    """Want, until then, those of these models that were refused, or whose submission came to nothing on our side."""
    these = (BatchModelRow.batch_id == batch, BatchModelRow.index.in_(indices))
    refused = (*these, BatchModelRow.refused)
    # In order, as whoever changes several models does.
    session.execute(select(BatchModelRow.index).where(*refused).order_by(BatchModelRow.index).with_for_update())
    session.execute(update(BatchModelRow).where(*refused).values(refused=False, problem=None))
    failed = _models().where(*these, _came_to_nothing(venue)).order_by(BatchModelRow.index)
    for found in _followed(session, failed):
        unlink(session, found)
    session.execute(update(BatchRow).where(BatchRow.id == batch).values(wanted_until=until))


def point_to(session: Session, submission: UUID, earlier: UUID) -> None:
    """The submission that a model was sent as is not needed: an earlier one of the same bytes stands for it."""
    session.execute(
        update(BatchModelRow).where(BatchModelRow.submission_id == submission).values(submission_id=earlier, known=True)
    )


def let_go(session: Session, submission: UUID) -> None:
    """The upload of a model came to nothing: it is wanted again."""
    session.execute(update(BatchModelRow).where(BatchModelRow.submission_id == submission).values(submission_id=None))


def overdue(session: Session, now: datetime, limit: int) -> Sequence[UUID]:
    """Batches with models that were wanted until now and never came, at most `limit`."""
    still = exists().where(BatchModelRow.batch_id == BatchRow.id, *_UNSENT)
    return session.scalars(select(BatchRow.id).where(BatchRow.wanted_until < now, still).limit(limit)).all()


def give_up(session: Session, batch: UUID, now: datetime, problem: dict[str, Any]) -> int:
    """Refuse the models of a batch that are wanted still, if their time is up; returns how many."""
    is_late = exists().where(BatchRow.id == batch, BatchRow.wanted_until < now)
    given_up = update(BatchModelRow).where(BatchModelRow.batch_id == batch, *_UNSENT, is_late)
    changed = given_up.values(refused=True, problem=problem).returning(BatchModelRow.index)
    return len(session.scalars(changed, execution_options={"synchronize_session": False}).all())


def _change(session: Session, batch: UUID, index: int, before: UUID | None, **changes: Any) -> bool:
    """Change a model that has the submission `before` (None: none); whether it had."""
    as_it_was = BatchModelRow.submission_id.is_not_distinct_from(before)
    changed = update(BatchModelRow).where(BatchModelRow.batch_id == batch, BatchModelRow.index == index, as_it_was)
    return session.scalar(changed.values(**changes).returning(BatchModelRow.index)) is not None


def _came_to_nothing(venue: Venue) -> ColumnElement[bool]:
    """Whether a model's submission failed and its place came back."""
    return and_(_STATE == "failed", ~keeps_place(venue))


def _models() -> Select[Any]:
    return _joined(select(BatchModelRow, SubmissionRow, EvaluationRow, _STATE))


def _joined(query: Select[Any]) -> Select[Any]:
    return (
        query.select_from(BatchModelRow)
        .outerjoin(SubmissionRow, SubmissionRow.id == BatchModelRow.submission_id)
        .outerjoin(EvaluationRow, EvaluationRow.id == NEWEST)
    )


def _followed(session: Session, query: Select[Any]) -> Sequence[Followed]:
    rows = session.execute(query.execution_options(populate_existing=True))
    return [Followed(*row) for row in rows]
