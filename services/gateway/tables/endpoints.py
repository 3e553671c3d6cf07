"""Teams' webhook addresses, and the log of what was sent to them."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, Text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from services.gateway.tables.base import Base


class EndpointRow(Base):
    """A team's webhook address. `types` are the events that it takes; None: all.

    `secrets` holds the current one first, then those that are being rotated out, newest first; `secret_ends` says until
    when each of these still signs. `asked` are the moments at which a delivery was asked for, of the last minute that was.
    Every attempt since `failing_since` failed, `failures` in all; `warned_at` is when its owner was told of that.
    """

    __tablename__ = "endpoints"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    team_id: Mapped[UUID] = mapped_column(ForeignKey("teams.id"), index=True)
    url: Mapped[str]
    description: Mapped[str] = mapped_column(server_default="")
    types: Mapped[list[str] | None] = mapped_column(ARRAY(Text))
    secrets: Mapped[list[str]] = mapped_column(ARRAY(Text))
    secret_ends: Mapped[list[datetime]] = mapped_column(ARRAY(Base.type_annotation_map[datetime]), server_default="{}")
    created_at: Mapped[datetime]
    disabled_at: Mapped[datetime | None]
    disabled_because: Mapped[str | None]
    failing_since: Mapped[datetime | None]
    failures: Mapped[int] = mapped_column(server_default="0")
    warned_at: Mapped[datetime | None]
    asked: Mapped[list[datetime]] = mapped_column(ARRAY(Base.type_annotation_map[datetime]), server_default="{}")


class DeliveryRow(Base):
    """One attempt to bring one event to one endpoint. `attempt` counts on when an event is delivered anew.

    `error` is None when it was delivered; `status` is None when there was no answer, `answer` is the beginning of it.
    """

    __tablename__ = "deliveries"
    __table_args__ = (
        Index("ix_deliveries_log", "endpoint_id", "at", "id"),
        Index("ix_deliveries_event", "endpoint_id", "event_id"),
        Index("ix_deliveries_at", "at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    endpoint_id: Mapped[UUID] = mapped_column(ForeignKey("endpoints.id", ondelete="CASCADE"))
    event_id: Mapped[UUID]
    type: Mapped[str]
    attempt: Mapped[int]
    at: Mapped[datetime]
    duration_seconds: Mapped[float]
    status: Mapped[int | None]
    error: Mapped[str | None]
    answer: Mapped[str]
