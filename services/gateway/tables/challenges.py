"""Published definitions and the digests of their truths. Rows are written by `publish` and never change."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKeyConstraint
from sqlalchemy.orm import Mapped, mapped_column

from services.gateway.tables.base import Base


class ChallengeRow(Base):
    """One version of an edition. The newest version is the one that takes submissions.

    `definition` (some 200 kB with its synsets) is loaded when first asked for, and remembered by digest.
    """

    __tablename__ = "challenges"

    name: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    digest: Mapped[str]
    definition: Mapped[dict[str, Any]] = mapped_column(deferred=True)
    published_at: Mapped[datetime]


class TruthRow(Base):
    """That a split has its truth in S3, and under which digest. A split without one takes no submissions."""

    __tablename__ = "truths"
    __table_args__ = (ForeignKeyConstraint(["challenge", "version"], ["challenges.name", "challenges.version"]),)

    challenge: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    task: Mapped[str] = mapped_column(primary_key=True)
    split: Mapped[str] = mapped_column(primary_key=True)
    digest: Mapped[str]
