"""What is known of boards, so that it need not be found out again: how they change, and who leads in their categories.

Only the database's own triggers write `boards` and `entries` (migration 0013): whatever changes a board, it is noted.
"""

from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from services.gateway.tables.base import Base


class BoardRow(Base):
    """A split's board: how many changes it has seen, and a name for its present state that no other state has.

    A change is an entry, or an outcome of one. They are numbered in the order in which they are committed: whoever sees
    a number sees all changes up to it.
    """

    __tablename__ = "boards"

    challenge: Mapped[str] = mapped_column(primary_key=True)
    task: Mapped[str] = mapped_column(primary_key=True)
    split: Mapped[str] = mapped_column(primary_key=True)
    changes: Mapped[int] = mapped_column(BigInteger)
    state: Mapped[UUID]


class EntryRow(Base):
    """A published submission, and the number of its last change on its split's board."""

    __tablename__ = "entries"
    __table_args__ = (Index("ix_entries_changes", "challenge", "task", "split", "change"),)

    submission_id: Mapped[UUID] = mapped_column(ForeignKey("submissions.id"), primary_key=True)
    challenge: Mapped[str]
    task: Mapped[str]
    split: Mapped[str]
    change: Mapped[int] = mapped_column(BigInteger)


class LeadRow(Base):
    """Who leads where in a part of a contest: category → value and evaluation, None where several have that value.

    `track` is empty where it counts all. The leads are those of exactly the evaluations that `evaluations` is the
    digest of; those of another state of the part replace them.
    """

    __tablename__ = "leads"

    challenge: Mapped[str] = mapped_column(primary_key=True)
    task: Mapped[str] = mapped_column(primary_key=True)
    split: Mapped[str] = mapped_column(primary_key=True)
    track: Mapped[str] = mapped_column(primary_key=True)
    part: Mapped[int] = mapped_column(primary_key=True)
    evaluations: Mapped[str]
    leads: Mapped[dict[str, Any]]
