"""Teams (the unit of quota), accounts (persons), who is in which team, and API keys."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, LargeBinary, Text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from services.gateway.tables.base import Base


class TeamRow(Base):
    """One team. Quota is counted for it, never for an account. `told` is the position of its newest event."""

    __tablename__ = "teams"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[datetime]
    told: Mapped[int] = mapped_column(BigInteger, server_default="0")


class AccountRow(Base):
    """One person. Accounts have no quota: whatever team they act for has.

    `mailed` are the moments at which they were written to, of the last day that they were.
    """

    __tablename__ = "accounts"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    email: Mapped[str | None]
    created_at: Mapped[datetime]
    mailed: Mapped[list[datetime]] = mapped_column(ARRAY(Base.type_annotation_map[datetime]), server_default="{}")


class MemberRow(Base):
    """That a person is in a team."""

    __tablename__ = "members"

    team_id: Mapped[UUID] = mapped_column(ForeignKey("teams.id"), primary_key=True)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"), primary_key=True, index=True)
    joined_at: Mapped[datetime]


class KeyRow(Base):
    """One API key: its visible id and the peppered digest of its secret, never the secret.

    It acts for one team. `account_id` is the person who holds it, None where the team does: a pipeline's key.
    """

    __tablename__ = "keys"

    id: Mapped[str] = mapped_column(primary_key=True)
    team_id: Mapped[UUID] = mapped_column(ForeignKey("teams.id"), index=True)
    account_id: Mapped[UUID | None] = mapped_column(ForeignKey("accounts.id"))
    label: Mapped[str]
    scopes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    secret_digest: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]
