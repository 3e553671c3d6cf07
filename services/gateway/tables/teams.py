"""Teams (the unit of quota) and their API keys."""

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


class KeyRow(Base):
    """One API key: its visible id and the peppered digest of its secret, never the secret."""

    __tablename__ = "keys"

    id: Mapped[str] = mapped_column(primary_key=True)
    team_id: Mapped[UUID] = mapped_column(ForeignKey("teams.id"), index=True)
    label: Mapped[str]
    scopes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    secret_digest: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]
