"""Requests that came under an Idempotency-Key, so that the same request again is the same deed."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from services.gateway.tables.base import Base


class RequestRow(Base):
    """One key of a team's, and the submission that it stands for.

    While that is open and there is no `answer`, the request is under way; when it is abandoned, the key is free.
    `parameters` is the digest of all that was said besides the file; `answer` is the body of the first answer, None
    until there is one; `reused`, whether that shows an earlier submission of the same bytes.
    """

    __tablename__ = "requests"

    team_id: Mapped[UUID] = mapped_column(ForeignKey("teams.id"), primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    parameters: Mapped[str]
    submission_id: Mapped[UUID] = mapped_column(ForeignKey("submissions.id", ondelete="CASCADE"), index=True)
    reused: Mapped[bool]
    answer: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(index=True)
