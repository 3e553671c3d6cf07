"""What is still to be done outside the database, and what was told to teams."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Computed, ForeignKey, Identity, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from services.gateway.tables.base import Base

_IN_LINE = "kind = 'evaluate' AND given_up_at IS NULL"


class OutboxRow(Base):
    """One deed that the courier owes: `evaluate`, `check` (to Redis), `settle` (to quota), `deliver` (to an endpoint),
    `mail` (to a person).

    Committed with the change that caused it, deleted when done. A row that was given up stays, to be seen and re-driven.
    `leased_until` is set while a courier is at it. `endpoint_id` is there for `deliver`, taken from the payload; `lane`,
    `turn` and `team_id` are for `evaluate`: the place in line (`store/line.py`).
    """

    __tablename__ = "outbox"
    __table_args__ = (
        Index("ix_outbox_due", "kind", "next_attempt_at", postgresql_where=text("given_up_at IS NULL")),
        Index("ix_outbox_endpoint", "endpoint_id", postgresql_where=text("endpoint_id IS NOT NULL")),
        Index(
            "ix_outbox_turn",
            "endpoint_id",
            "next_attempt_at",
            "id",
            postgresql_where=text("endpoint_id IS NOT NULL AND given_up_at IS NULL"),
        ),
        Index(
            "ix_outbox_leased",
            "leased_until",
            postgresql_where=text("endpoint_id IS NOT NULL AND leased_until IS NOT NULL"),
        ),
        Index("ix_outbox_line", "lane", "turn", "id", postgresql_where=text(_IN_LINE)),
        Index("ix_outbox_share", "team_id", "lane", "turn", postgresql_where=text(_IN_LINE)),
        Index(
            "ix_outbox_handing",
            "leased_until",
            postgresql_where=text("kind = 'evaluate' AND leased_until IS NOT NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    kind: Mapped[str]
    payload: Mapped[dict[str, Any]]
    attempts: Mapped[int] = mapped_column(server_default="0")
    created_at: Mapped[datetime]
    next_attempt_at: Mapped[datetime]
    leased_until: Mapped[datetime | None]
    given_up_at: Mapped[datetime | None]
    last_error: Mapped[str | None]
    lane: Mapped[int] = mapped_column(server_default="2")
    turn: Mapped[int] = mapped_column(BigInteger, server_default="0")
    team_id: Mapped[UUID | None]
    endpoint_id: Mapped[UUID | None] = mapped_column(Computed("(payload ->> 'endpoint')::uuid", persisted=True))


class EventRow(Base):
    """Something that happened to a submission, as teams are told it. `sequence` counts per submission, from 1.

    What happened to an endpoint of the team is an event too: it has neither a submission nor a sequence.

    `position` counts per team, from 1 and without gaps, in the order in which events can be seen: the feed's cursor. It
    is None only for what a gateway of the version before has told, until a sweep gives it one.
    """

    __tablename__ = "events"
    __table_args__ = (
        UniqueConstraint("submission_id", "sequence"),
        UniqueConstraint("team_id", "position"),
        Index("ix_events_at", "at"),
        Index("ix_events_unplaced", "team_id", postgresql_where=text("position IS NULL")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    team_id: Mapped[UUID] = mapped_column(ForeignKey("teams.id"))
    position: Mapped[int | None] = mapped_column(BigInteger)
    submission_id: Mapped[UUID | None] = mapped_column(ForeignKey("submissions.id"))
    sequence: Mapped[int | None]
    type: Mapped[str]
    data: Mapped[dict[str, Any]]
    at: Mapped[datetime]
