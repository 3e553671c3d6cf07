"""The tables: one row per team, there to be locked, and the ledger, to which lines are only ever added.

The migrations make them (with the trigger that forbids changing or removing a line); a test keeps the two equal.
"""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)

metadata = MetaData(
    naming_convention={
        "pk": "%(table_name)s_pkey",
        "fk": "%(table_name)s_%(column_0_name)s_fkey",
        "uq": "%(table_name)s_%(column_0_N_name)s_key",
        "ck": "%(table_name)s_%(constraint_name)s_check",
        "ix": "%(table_name)s_%(column_0_N_name)s_idx",
    }
)

teams = Table("teams", metadata, Column("team", Uuid, primary_key=True))

postings = Table(
    "postings",
    metadata,
    Column("posting", BigInteger, Identity(always=True), primary_key=True),
    Column("submission", Uuid, nullable=False),
    Column("team", Uuid, ForeignKey("teams.team"), nullable=False),
    Column("pool", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("fault", Text),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("expires_at", DateTime(timezone=True)),
    # The terms of the reservation, on each of its lines, so that a line can be read by itself.
    Column("places", Integer, nullable=False),
    Column("window_seconds", Integer, nullable=False),
    Column("forgiven_per_day", Integer),
    UniqueConstraint("submission", "kind"),
    CheckConstraint("kind IN ('held', 'spent', 'released', 'refunded')", name="kind"),
    CheckConstraint("fault IN ('theirs', 'ours')", name="fault"),
    CheckConstraint("(fault IS NOT NULL) = (kind IN ('released', 'refunded'))", name="fault_told"),
    CheckConstraint("(expires_at IS NOT NULL) = (kind = 'held')", name="hold_ends"),
    Index(None, "team", "pool", "at"),
    Index("postings_rejected_idx", "team", "at", postgresql_where=text("fault = 'theirs'")),
)
