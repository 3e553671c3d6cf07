"""Uploads in numbered parts: what was announced, and which parts are there. S3 has the bytes, this is the truth."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from services.gateway.tables.base import Base


class UploadRow(Base):
    """The way in of one submission, whose id it shares and whose state is its state.

    `digest` (decompressed bytes) and `received_digest` (bytes as sent) are what the team announced, if it did.
    `earlier_id` is the team's earlier submission of the same bytes that stands for this one, where there was one.
    `completing_until` is the lease of the call that puts the parts together, `completing_by` that call's own random id.
    `clear_at` is when a sweep looks for parts that an ended upload has left in S3; None once it has.
    """

    __tablename__ = "uploads"
    __table_args__ = (Index("ix_uploads_clear", "clear_at", postgresql_where=text("clear_at IS NOT NULL")),)

    id: Mapped[UUID] = mapped_column(ForeignKey("submissions.id", ondelete="CASCADE"), primary_key=True)
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    part_bytes: Mapped[int]
    digest: Mapped[str | None]
    received_digest: Mapped[str | None]
    earlier_id: Mapped[UUID | None] = mapped_column(ForeignKey("submissions.id", ondelete="CASCADE"), index=True)
    expires_at: Mapped[datetime]
    completing_until: Mapped[datetime | None]
    completing_by: Mapped[UUID | None]
    clear_at: Mapped[datetime | None]


class PartRow(Base):
    """One part that was received whole. It never changes."""

    __tablename__ = "upload_parts"

    upload_id: Mapped[UUID] = mapped_column(ForeignKey("uploads.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    size_bytes: Mapped[int]
    digest: Mapped[str]
    received_at: Mapped[datetime]
