"""Batches: manifests of many models for one split, and what each of their models has come to."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from services.gateway.tables.base import Base


class BatchRow(Base):
    """One manifest of a team's: `digest` is of what it says, however it is written.

    `changes` counts those of its models, triggers see to it; `wanted_until` is when a sweep gives up models that never came.
    """

    __tablename__ = "batches"
    __table_args__ = (
        UniqueConstraint("team_id", "digest", name="uq_batches_digest"),
        Index("ix_batches_mine", "team_id", "created_at", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    team_id: Mapped[UUID] = mapped_column(ForeignKey("teams.id"))
    digest: Mapped[str]
    challenge: Mapped[str]
    task: Mapped[str]
    split: Mapped[str]
    tolerance: Mapped[str | None]
    changes: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[datetime]
    wanted_until: Mapped[datetime]


class BatchModelRow(Base):
    """One model of a manifest. Wanted while it is not refused and has no submission.

    `problem` says why it is refused, or why it was not taken yet. `known`: an earlier submission of its bytes stands for
    it; `same_as`: the first model of the manifest with its bytes. `digest` is None where the manifest itself is wrong.
    `claimed` holds numbers as they were written; `change` is the number of the last change, in the batch.
    """

    __tablename__ = "batch_models"
    __table_args__ = (
        Index("ix_batch_models_change", "batch_id", "change"),
        Index("ix_batch_models_submission", "submission_id", postgresql_where=text("submission_id IS NOT NULL")),
        Index("ix_batch_models_wanted", "batch_id", postgresql_where=text("submission_id IS NULL AND NOT refused")),
    )

    batch_id: Mapped[UUID] = mapped_column(ForeignKey("batches.id", ondelete="CASCADE"), primary_key=True)
    index: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    revision: Mapped[str | None]
    labels: Mapped[str]
    description: Mapped[str]
    track: Mapped[str]
    publish: Mapped[bool]
    participating: Mapped[bool]
    claimed: Mapped[dict[str, Any]]
    file: Mapped[str | None]
    digest: Mapped[str | None]
    size_bytes: Mapped[int | None] = mapped_column(BigInteger)
    same_as: Mapped[int | None]
    refused: Mapped[bool]
    problem: Mapped[dict[str, Any] | None]
    known: Mapped[bool]
    submission_id: Mapped[UUID | None] = mapped_column(ForeignKey("submissions.id", ondelete="SET NULL"))
    change: Mapped[int] = mapped_column(BigInteger)
