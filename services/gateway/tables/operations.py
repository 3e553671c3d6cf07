"""What operators and `/status` ask of the whole: who works, when chores were done, when a restore was rehearsed."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from services.gateway.tables.base import Base


class FleetRow(Base):
    """The scorers as a courier has last seen them; one row. `workers` is empty while Redis does not answer.

    `places`: how many evaluations Redis is to hold; None until a courier has reckoned it.
    """

    __tablename__ = "fleet"
    __table_args__ = (CheckConstraint("id = 1", name="one"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    queue_answers: Mapped[bool]
    workers: Mapped[list[dict[str, Any]]]
    places: Mapped[int | None]


class ChoreRow(Base):
    """A chore that couriers take turns at: when one last took it, and how far it came (`place`; None: to the end).

    To evaluate a challenge anew is one by itself, here from its new version until none is left (`store/rescoring.py`).
    """

    __tablename__ = "chores"

    name: Mapped[str] = mapped_column(primary_key=True)
    taken_at: Mapped[datetime]
    place: Mapped[str | None]
    removed: Mapped[int]


class OrphanRow(Base):
    """An object in S3 that no row named when a courier saw it first, at `seen_at`."""

    __tablename__ = "orphans"

    key: Mapped[str] = mapped_column(primary_key=True)
    seen_at: Mapped[datetime] = mapped_column(index=True)


class LossRow(Base):
    """An evaluation that has ended and misses an object in S3, since `seen_at`; gone when that is there again.

    awaited: its report, which is being made anew, asked for at `asked_at`. differs: what was made anew is another one.
    lost: the bytes of its submission, which nothing makes anew.
    """

    __tablename__ = "losses"
    __table_args__ = (CheckConstraint("state IN ('awaited', 'differs', 'lost')", name="state"),)

    evaluation_id: Mapped[UUID] = mapped_column(ForeignKey("evaluations.id"), primary_key=True)
    state: Mapped[str]
    seen_at: Mapped[datetime]
    asked_at: Mapped[datetime]


class RehearsalRow(Base):
    """One rehearsal of a restore. `rpo_seconds`: how much of the newest work the backup did not have."""

    __tablename__ = "rehearsals"
    __table_args__ = (Index("ix_rehearsals_at", "at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    seconds: Mapped[float]
    submissions: Mapped[int]
    rpo_seconds: Mapped[float]
    identical: Mapped[bool]
