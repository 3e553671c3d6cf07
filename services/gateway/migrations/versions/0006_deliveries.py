"""Log of deliveries; endpoints that are rotated, disabled and deleted; events in the order of a team's feed."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

PLACE_EVENTS = """
UPDATE events SET position = placed.position
FROM (SELECT id, row_number() OVER (PARTITION BY team_id ORDER BY at, id) AS position FROM events) AS placed
WHERE placed.id = events.id
"""

COUNT_EVENTS = "UPDATE teams SET told = (SELECT count(*) FROM events WHERE events.team_id = teams.id)"

OUTBOX_INDEXES = [
    ("ix_outbox_endpoint", ["endpoint_id"], "endpoint_id IS NOT NULL"),
    ("ix_outbox_turn", ["endpoint_id", "next_attempt_at", "id"], "endpoint_id IS NOT NULL AND given_up_at IS NULL"),
    ("ix_outbox_leased", ["leased_until"], "endpoint_id IS NOT NULL AND leased_until IS NOT NULL"),
]


def upgrade() -> None:
    """Apply."""
    moments = postgresql.ARRAY(sa.DateTime(timezone=True))
    op.add_column("endpoints", sa.Column("description", sa.Text(), server_default="", nullable=False))
    op.add_column("endpoints", sa.Column("types", postgresql.ARRAY(sa.Text()), nullable=True))
    op.add_column("endpoints", sa.Column("secret_ends", moments, server_default="{}", nullable=False))
    op.add_column("endpoints", sa.Column("asked", moments, server_default="{}", nullable=False))
    op.add_column("outbox", sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True))
    # Computed, so that what a gateway of the version before owes has it too.
    named = sa.Computed("(payload ->> 'endpoint')::uuid", persisted=True)
    op.add_column("outbox", sa.Column("endpoint_id", sa.Uuid(), named, nullable=True))
    for name, columns, where in OUTBOX_INDEXES:
        op.create_index(name, "outbox", columns, unique=False, postgresql_where=sa.text(where))
    op.create_table(
        "deliveries",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("endpoint_id", sa.Uuid(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("duration_seconds", sa.Float(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["endpoint_id"], ["endpoints.id"], name=op.f("fk_deliveries_endpoint_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deliveries")),
    )
    op.create_index("ix_deliveries_log", "deliveries", ["endpoint_id", "at", "id"], unique=False)
    op.create_index("ix_deliveries_event", "deliveries", ["endpoint_id", "event_id"], unique=False)
    op.create_index("ix_deliveries_at", "deliveries", ["at"], unique=False)
    op.add_column("teams", sa.Column("told", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("events", sa.Column("position", sa.BigInteger(), nullable=True))
    op.execute(PLACE_EVENTS)
    op.execute(COUNT_EVENTS)
    op.create_unique_constraint(op.f("uq_events_team_id_position"), "events", ["team_id", "position"])
    op.create_index("ix_events_at", "events", ["at"], unique=False)
    op.create_index(
        "ix_events_unplaced", "events", ["team_id"], unique=False, postgresql_where=sa.text("position IS NULL")
    )
    op.drop_index(op.f("ix_events_team_id"), table_name="events")


def downgrade() -> None:
    """Undo."""
    op.create_index(op.f("ix_events_team_id"), "events", ["team_id"], unique=False)
    op.drop_index("ix_events_unplaced", table_name="events", postgresql_where=sa.text("position IS NULL"))
    op.drop_index("ix_events_at", table_name="events")
    op.drop_constraint(op.f("uq_events_team_id_position"), "events", type_="unique")
    op.drop_column("events", "position")
    op.drop_column("teams", "told")
    op.drop_table("deliveries")
    for name, _, where in OUTBOX_INDEXES:
        op.drop_index(name, table_name="outbox", postgresql_where=sa.text(where))
    op.drop_column("outbox", "endpoint_id")
    op.drop_column("outbox", "leased_until")
    op.drop_column("endpoints", "asked")
    op.drop_column("endpoints", "secret_ends")
    op.drop_column("endpoints", "types")
    op.drop_column("endpoints", "description")
