"""Which challenges are private, and which teams see them all the same. Written by the `challenge` commands."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from services.gateway.tables.base import Base


class PrivateRow(Base):
    """A challenge that only its guests see, in all its versions. One without a row is open to all."""

    __tablename__ = "private_challenges"

    challenge: Mapped[str] = mapped_column(primary_key=True)
    since: Mapped[datetime]


class GuestRow(Base):
    """That a team sees a challenge while it is private."""

    __tablename__ = "guests"

    challenge: Mapped[str] = mapped_column(primary_key=True)
    team_id: Mapped[UUID] = mapped_column(ForeignKey("teams.id"), primary_key=True)
    invited_at: Mapped[datetime]
