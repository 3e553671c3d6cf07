"""Dry runs: files that are read once and kept nowhere."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from services.gateway.tables.base import Base


class CheckRow(Base):
    """One dry run. Its row counts towards the team's limit for an hour, and is deleted then.

    `digest` is set when every byte is in S3; `finished_at`, and `found` or `failure`, when a scorer was heard;
    `cleared_at` when its object is gone, and with it what was found. `deadline_at` is when a sweep does that instead.
    """

    __tablename__ = "checks"
    __table_args__ = (
        Index("ix_checks_recent", "team_id", "created_at"),
        Index("ix_checks_left", "deadline_at", postgresql_where=text("cleared_at IS NULL")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    team_id: Mapped[UUID] = mapped_column(ForeignKey("teams.id"))
    challenge: Mapped[str]
    task: Mapped[str]
    split: Mapped[str]
    labels: Mapped[str]
    definition: Mapped[str]
    object_key: Mapped[str]
    digest: Mapped[str | None]
    size_bytes: Mapped[int | None] = mapped_column(BigInteger)
    created_at: Mapped[datetime]
    deadline_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    cleared_at: Mapped[datetime | None]
    scorer: Mapped[str | None]
    found: Mapped[dict[str, Any] | None]
    failure: Mapped[dict[str, Any] | None]
