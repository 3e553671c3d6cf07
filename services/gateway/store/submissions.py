"""Queries for submissions and evaluations. State changes are conditional updates: of two who race, one wins."""

import functools
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar, cast
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    ScalarSelect,
    Select,
    Update,
    and_,
    case,
    exists,
    func,
    literal,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.orm import InstrumentedAttribute, Session

from services.gateway.intake import Sealed
from services.gateway.lifecycle import FRUITLESS, OPEN_STATES, Progress
from services.gateway.store.challenges import Published, Venue
from services.gateway.store.teams import hold_team
from services.gateway.tables import EvaluationRow, SubmissionRow, TeamRow

ValueT = TypeVar("ValueT")

CHANNEL = "evaluations"
"""Rings with the submission's id when it has its outcome, and with `progress_of` it at each sign of life before."""

FORGIVEN_EVERY = timedelta(days=30)
"""How often a team's place comes back though its file was scored: a file at chance level is a mistake once."""


def _of_first(column: InstrumentedAttribute[ValueT], *order: ColumnElement[Any]) -> ScalarSelect[ValueT]:
    """A column of the first evaluation in that `order` of a submission of the query round it."""
    return (
        select(column)
        .where(EvaluationRow.submission_id == SubmissionRow.id)
        .order_by(*order)
        .limit(1)
        .correlate(SubmissionRow)
        .scalar_subquery()
    )


_NEWEST_FIRST = (EvaluationRow.created_at.desc(),)

NEWEST = _of_first(EvaluationRow.id, *_NEWEST_FIRST)
"""The id of the evaluation that counts for a submission of the query round it."""

CHARGED_STATE = _of_first(EvaluationRow.state, EvaluationRow.created_at.asc())
"""The state of the evaluation that the place of a submission of the query round it was charged for: its first; None while
it is uploaded."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place in a list that runs from new to old."""

    created_at: datetime
    id: UUID


@dataclass(frozen=True, slots=True)
class Judged:
    """A submission with the evaluation that counts for it (the newest), and its team."""

    submission: SubmissionRow
    evaluation: EvaluationRow | None
    team: TeamRow

    @property
    def progress(self) -> Progress:
        """How far it is: its upload, then its evaluation."""
        if self.submission.state == "open":
            return "uploading"
        return cast(Progress, self.evaluation.state) if self.evaluation else "abandoned"


def find(session: Session, submission: UUID) -> Judged | None:
    """One submission with its newest evaluation."""
    row = session.execute(_judged().where(SubmissionRow.id == submission)).one_or_none()
    return Judged(row[0], row[1], row[2]) if row else None


def newest_evaluation(session: Session, submission: UUID) -> EvaluationRow | None:
    """The evaluation that counts for a submission, as it is now."""
    newest = select(EvaluationRow).where(EvaluationRow.submission_id == submission)
    return session.scalar(
        newest.order_by(EvaluationRow.created_at.desc()).limit(1).execution_options(populate_existing=True)
    )


def failed(session: Session, limit: int) -> Sequence[Judged]:
    """Submissions whose evaluation failed and was not made again, new to old, at most `limit`."""
    rows = session.execute(
        _judged().where(EvaluationRow.state == "failed").order_by(EvaluationRow.finished_at.desc()).limit(limit)
    )
    return [Judged(row[0], row[1], row[2]) for row in rows]


def mine(session: Session, team: UUID, after: Cursor | None, limit: int) -> Sequence[Judged]:
    """A team's submissions from new to old, at most `limit`, those after `after`."""
    query = _judged().where(SubmissionRow.team_id == team)
    if after is not None:
        query = query.where(tuple_(SubmissionRow.created_at, SubmissionRow.id) < (after.created_at, after.id))
    rows = session.execute(query.order_by(SubmissionRow.created_at.desc(), SubmissionRow.id.desc()).limit(limit))
    return [Judged(row[0], row[1], row[2]) for row in rows]


def those(session: Session, team: UUID, ids: Iterable[UUID]) -> dict[UUID, Judged]:
    """The team's submissions among `ids`, by id."""
    rows = session.execute(_judged().where(SubmissionRow.team_id == team, SubmissionRow.id.in_(list(ids))))
    return {row[0].id: Judged(row[0], row[1], row[2]) for row in rows}


def hold(session: Session, submission: UUID) -> SubmissionRow:
    """A submission as it is, and stays until this transaction ends."""
    return session.get_one(SubmissionRow, submission, with_for_update={"key_share": True}, populate_existing=True)


def hold_same(session: Session, team: UUID, digest: str) -> None:
    """Until this transaction ends, nobody else seals these bytes for this team."""
    session.execute(select(func.pg_advisory_xact_lock(func.hashtext(str(team)), func.hashtext(digest))))


def same(session: Session, team: UUID, venue: Venue, labels: str, digest: str, version: str) -> UUID | None:
    """The team's newest submission of these bytes whose result would come out again, or is about to.

    That is: to this split, read by the same labels, under the definition and truth of `venue`, and, where it is
    finished, judged by this `version` of the scorer. One that failed does not count, unless it `keeps_place`, and comes
    last. One that was judged under an older version of the challenge does, while the split is open: it is about to be
    evaluated anew.
    """
    current = and_(EvaluationRow.definition == venue.published.digest, EvaluationRow.truth == venue.truth)
    is_behind = and_(literal(venue.truth is not None), EvaluationRow.version < venue.published.challenge.version)
    stands = EvaluationRow.state.in_(("scored", "rejected")) & (EvaluationRow.scorer_version == version)
    has_failed = EvaluationRow.state == "failed"
    waits = has_failed & keeps_place(venue)
    query = _judged().with_only_columns(SubmissionRow.id, maintain_column_froms=True)
    query = query.where(
        SubmissionRow.team_id == team,
        SubmissionRow.digest == digest,
        SubmissionRow.state == "sealed",
        SubmissionRow.challenge == venue.published.challenge.name,
        SubmissionRow.task == venue.task_name,
        SubmissionRow.split == venue.split_name,
        SubmissionRow.labels == labels,
        or_(is_behind, and_(current, or_(EvaluationRow.state.in_(OPEN_STATES), stands, waits))),
    )
    return session.scalar(query.order_by(has_failed, SubmissionRow.sealed_at.desc()).limit(1))


def keeps_place(venue: Venue) -> ColumnElement[bool]:
    """Whether a submission to `venue`, of the query round it, still has the place that it spent, though it failed since.

    That is one of a held-out split that failed under a new version and whose first evaluation did not: it was scored, or
    is under way still. What failed is evaluated again for nothing, and its bytes must not take a second place. Where places
    are no object they may come anew.
    """
    return and_(literal(venue.split.held_out), CHARGED_STATE.not_in(FRUITLESS), SubmissionRow.forgiven_at.is_(None))


def sent_among(session: Session, team: UUID, digests: Iterable[str]) -> set[str]:
    """Those of `digests` of which the team has a sealed submission, wherever to."""
    mine = (SubmissionRow.team_id == team, SubmissionRow.state == "sealed", SubmissionRow.digest.in_(list(digests)))
    return {digest for digest in session.scalars(select(SubmissionRow.digest).where(*mine)) if digest is not None}


def publish(session: Session, submission: UUID, now: datetime) -> None:
    """Put it on the board, unless it is there."""
    session.execute(
        update(SubmissionRow)
        .where(SubmissionRow.id == submission, SubmissionRow.published_at.is_(None))
        .values(published_at=now)
    )


def behind(session: Session, published: Published, limit: int) -> Sequence[SubmissionRow]:
    """Sealed submissions to its open splits that have no evaluation under this version, oldest first."""
    return session.scalars(
        select(SubmissionRow).where(_is_behind(published)).order_by(SubmissionRow.sealed_at).limit(limit)
    ).all()


def count_behind(session: Session, published: Published) -> int:
    """How many there are."""
    return session.scalar(select(func.count()).select_from(SubmissionRow).where(_is_behind(published))) or 0


def is_first(session: Session, evaluation: UUID, submission: UUID) -> bool:
    """Whether this is the evaluation that the submission's place was charged for."""
    oldest = (
        select(EvaluationRow.id)
        .where(EvaluationRow.submission_id == submission)
        .order_by(EvaluationRow.created_at)
        .limit(1)
    )
    return session.scalar(oldest) == evaluation


def forgive(session: Session, submission: SubmissionRow, now: datetime) -> bool:
    """Mark a submission's place as forgiven; False when its team had that in the last `FORGIVEN_EVERY`.

    The team's row is locked, so that of two submissions concluded at once one is forgiven.
    """
    hold_team(session, submission.team_id)
    lately = select(SubmissionRow.id).where(
        SubmissionRow.team_id == submission.team_id, SubmissionRow.forgiven_at > now - FORGIVEN_EVERY
    )
    if session.scalar(lately.limit(1)) is not None:
        return False
    submission.forgiven_at = now
    return True


def seal(session: Session, submission: UUID, sealed: Sealed, now: datetime) -> bool:
    """open → sealed; False when it is not open any more."""
    return _change_open(session, submission, state="sealed", sealed_at=now, **asdict(sealed))


def renew(session: Session, submission: UUID, deadline: datetime) -> bool:
    """A living upload gets more time, never less: one in parts has a day. False when it is not open any more."""
    return _change_open(session, submission, deadline_at=func.greatest(SubmissionRow.deadline_at, deadline))


def abandon(session: Session, submission: UUID) -> bool:
    """open → abandoned; False when it is not open any more."""
    return _change_open(session, submission, state="abandoned")


def give_up(session: Session, submission: UUID, sealed: Sealed) -> bool:
    """open → abandoned, because an earlier one holds the same bytes; False when it is not open any more."""
    return _change_open(session, submission, state="abandoned", **asdict(sealed))


def overdue(session: Session, now: datetime, limit: int) -> Sequence[SubmissionRow]:
    """Open submissions whose upload should have ended by now: their gateway died."""
    return session.scalars(
        select(SubmissionRow)
        .where(SubmissionRow.state == "open", SubmissionRow.deadline_at < now)
        .order_by(SubmissionRow.deadline_at)
        .limit(limit)
    ).all()


def attempted(session: Session, evaluation: UUID, attempt: int) -> tuple[EvaluationRow, SubmissionRow] | None:
    """An evaluation and its submission; None when another attempt of it is the current one."""
    query = select(EvaluationRow, SubmissionRow).join(SubmissionRow, SubmissionRow.id == EvaluationRow.submission_id)
    row = session.execute(query.where(EvaluationRow.id == evaluation, EvaluationRow.attempt == attempt)).one_or_none()
    return (row[0], row[1]) if row else None


def hear(session: Session, evaluation: UUID, attempt: int, changes: dict[str, Any], now: datetime) -> bool:
    """A sign of life from the current attempt of an open evaluation; False when it is stale. One statement, bell and all."""
    started = func.coalesce(EvaluationRow.started_at, now)
    changed = _current(evaluation, attempt).values(state="running", heard_at=now, started_at=started, **changes)
    bell = func.pg_notify(CHANNEL, func.concat(progress_of(""), EvaluationRow.submission_id))
    return (
        session.execute(changed.returning(bell), execution_options={"synchronize_session": False}).first() is not None
    )


def progress_of(submission: UUID | str) -> str:
    """What rings when a submission is begun, or turns to another stage: who waits for its outcome need not look."""
    return f"progress of {submission}"


def conclude(session: Session, evaluation: UUID, attempt: int, changes: dict[str, Any], now: datetime) -> UUID | None:
    """queued or running → final, for the current attempt only; returns its submission, None when it is stale."""
    changed = _current(evaluation, attempt).values(finished_at=now, heard_at=now, stage=None, **changes)
    return session.scalar(changed.returning(EvaluationRow.submission_id))


def silent(session: Session, before: datetime, limit: int) -> Sequence[EvaluationRow]:
    """Open evaluations that Redis was given and that have not been heard of since `before`."""
    return session.scalars(
        select(EvaluationRow)
        .where(
            EvaluationRow.state.in_(OPEN_STATES),
            EvaluationRow.enqueued_at.is_not(None),
            EvaluationRow.heard_at < before,
        )
        .order_by(EvaluationRow.heard_at)
        .limit(limit)
    ).all()


def mark_enqueued(session: Session, evaluation: UUID, attempt: int, now: datetime) -> None:
    """Redis has this attempt. One that is over may be there again, to have its report made anew: it stays as it is."""
    is_first = or_(EvaluationRow.finished_at.is_(None), EvaluationRow.enqueued_at.is_(None))
    session.execute(
        update(EvaluationRow)
        .where(EvaluationRow.id == evaluation, EvaluationRow.attempt == attempt, is_first)
        .values(enqueued_at=now, heard_at=now)
    )


def mark_seen(session: Session, evaluations: Sequence[UUID], now: datetime) -> None:
    """A sweep has looked after these and found them waiting; look again after the next silence."""
    session.execute(update(EvaluationRow).where(EvaluationRow.id.in_(evaluations)).values(heard_at=now))


def next_attempt(session: Session, evaluation: UUID, attempt: int, now: datetime) -> bool:
    """Attempt n → n + 1, queued anew; False when it is stale."""
    fresh = {"state": "queued", "enqueued_at": None, "started_at": None, "stage": None, "scorer": None}
    begun = EvaluationRow.begun + case((EvaluationRow.started_at.is_not(None), 1), else_=0)
    changed = _current(evaluation, attempt).values(attempt=attempt + 1, begun=begun, heard_at=now, **fresh)
    return session.scalar(changed.returning(EvaluationRow.id)) is not None


def _change_open(session: Session, submission: UUID, **changes: Any) -> bool:
    """Change one that is still open; whether it was."""
    still_open = (SubmissionRow.id == submission, SubmissionRow.state == "open")
    changed = update(SubmissionRow).where(*still_open).values(**changes).returning(SubmissionRow.id)
    return session.execute(changed).first() is not None


def _is_behind(published: Published) -> ColumnElement[bool]:
    evaluated = exists().where(
        EvaluationRow.submission_id == SubmissionRow.id, EvaluationRow.version >= published.challenge.version
    )
    return and_(
        SubmissionRow.challenge == published.challenge.name,
        tuple_(SubmissionRow.task, SubmissionRow.split).in_(list(published.truths)),
        SubmissionRow.state == "sealed",
        ~evaluated,
    )


def _current(evaluation: UUID, attempt: int) -> Update:
    """An update that only reaches the current attempt of an open evaluation."""
    return update(EvaluationRow).where(
        EvaluationRow.id == evaluation, EvaluationRow.attempt == attempt, EvaluationRow.state.in_(OPEN_STATES)
    )


def judged_by(*order: ColumnElement[Any]) -> Select[SubmissionRow, EvaluationRow, TeamRow]:
    """Submissions, each with the first of its evaluations in that `order`, and its team."""
    return (
        select(SubmissionRow, EvaluationRow, TeamRow)
        .join(TeamRow, TeamRow.id == SubmissionRow.team_id)
        .outerjoin(EvaluationRow, EvaluationRow.id == _of_first(EvaluationRow.id, *order))
    )


@functools.cache
def _judged() -> Select[SubmissionRow, EvaluationRow, TeamRow]:
    return judged_by(*_NEWEST_FIRST)
