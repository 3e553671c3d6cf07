"""Submissions (sealed files) and evaluations (runs of the scorer over them)."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from services.gateway.lifecycle import EVALUATION_STATES, OPEN_STATES, SUBMISSION_STATES
from services.gateway.tables.base import Base


def _one_of(states: tuple[str, ...]) -> str:
    return "state IN ({})".format(", ".join(f"'{state}'" for state in states))


class SubmissionRow(Base):
    """One file for one split. Never changes once sealed, but for `published_at` (whether it is an entry) and `forgiven_at`.

    `digest` and `size_bytes` are of the decompressed bytes, the `received_` ones of what came over the wire. One that
    is abandoned with a digest arrived whole: it was not needed, for an earlier one holds the same bytes.
    """

    __tablename__ = "submissions"
    __table_args__ = (
        CheckConstraint(_one_of(SUBMISSION_STATES), name="state"),
        Index("ix_submissions_mine", "team_id", "created_at", "id"),
        Index(
            "ix_submissions_entries",
            "challenge",
            "task",
            "split",
            postgresql_where=text("published_at IS NOT NULL"),
        ),
        Index("ix_submissions_entry", "entry_id", postgresql_where=text("entry_id IS NOT NULL")),
        Index("ix_submissions_open", "deadline_at", postgresql_where=text("state = 'open'")),
        Index("ix_submissions_same", "team_id", "digest", postgresql_where=text("state = 'sealed'")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    team_id: Mapped[UUID] = mapped_column(ForeignKey("teams.id"))
    challenge: Mapped[str]
    task: Mapped[str]
    split: Mapped[str]
    state: Mapped[str]
    method: Mapped[str]
    description: Mapped[str]
    track: Mapped[str]
    labels: Mapped[str] = mapped_column(server_default="ilsvrc")
    entry_id: Mapped[UUID | None] = mapped_column(ForeignKey("submissions.id"))
    participating: Mapped[bool] = mapped_column(server_default="true")
    published_at: Mapped[datetime | None]
    object_key: Mapped[str]
    digest: Mapped[str | None]
    size_bytes: Mapped[int | None] = mapped_column(BigInteger)
    received_digest: Mapped[str | None]
    received_bytes: Mapped[int | None] = mapped_column(BigInteger)
    created_at: Mapped[datetime]
    deadline_at: Mapped[datetime]
    sealed_at: Mapped[datetime | None]
    forgiven_at: Mapped[datetime | None]


class EvaluationRow(Base):
    """One run of the scorer over a submission, with one version of definition and truth.

    `attempt` counts what the queue was asked; an outcome counts only for the current attempt of an open evaluation. `begun`
    counts the earlier attempts that a scorer had begun.
    `enqueued_at` is None until Redis has the current attempt; `heard_at` is the last sign of life. `categories` holds what
    contests by categories are decided by, category id → value; boards read it by itself, for it is large.
    """

    __tablename__ = "evaluations"
    __table_args__ = (
        CheckConstraint(_one_of(EVALUATION_STATES), name="state"),
        Index("ix_evaluations_open", "heard_at", postgresql_where=text(_one_of(OPEN_STATES))),
        Index("ix_evaluations_finished", "finished_at", postgresql_where=text("finished_at IS NOT NULL")),
        Index(
            "ix_evaluations_handed",
            "enqueued_at",
            postgresql_where=text(f"{_one_of(OPEN_STATES)} AND enqueued_at IS NOT NULL"),
        ),
        Index(
            "ix_evaluations_run",
            "finished_at",
            postgresql_where=text("finished_at IS NOT NULL AND started_at IS NOT NULL"),
        ),
        Index("ix_evaluations_failed", "finished_at", postgresql_where=text("state = 'failed'")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    submission_id: Mapped[UUID] = mapped_column(ForeignKey("submissions.id"), index=True)
    version: Mapped[int]
    definition: Mapped[str]
    truth: Mapped[str]
    state: Mapped[str]
    attempt: Mapped[int]
    begun: Mapped[int] = mapped_column(server_default="0")
    created_at: Mapped[datetime]
    enqueued_at: Mapped[datetime | None]
    heard_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    scorer: Mapped[str | None]
    scorer_version: Mapped[str | None]
    stage: Mapped[str | None]
    report_digest: Mapped[str | None]
    metrics: Mapped[dict[str, Any] | None]
    intervals: Mapped[dict[str, Any] | None]
    categories: Mapped[dict[str, Any] | None] = mapped_column(deferred=True, deferred_raiseload=True)
    failure: Mapped[dict[str, Any] | None]
    fault_count: Mapped[int] = mapped_column(server_default="0")
    notes: Mapped[list[dict[str, Any]] | None]
    timings: Mapped[dict[str, Any] | None]
