"""Whose turn it is: what a fair queue needs to know."""

import sqlalchemy as sa
from alembic import op

from shared.migrations import hold

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

OPEN = "state IN ('queued', 'running')"

INDEXES = [
    ("ix_outbox_line", "outbox", ["lane", "turn", "id"], "kind = 'evaluate' AND given_up_at IS NULL"),
    ("ix_outbox_share", "outbox", ["team_id", "lane", "turn"], "kind = 'evaluate' AND given_up_at IS NULL"),
    ("ix_outbox_handing", "outbox", ["leased_until"], "kind = 'evaluate' AND leased_until IS NOT NULL"),
    ("ix_evaluations_handed", "evaluations", ["enqueued_at"], f"{OPEN} AND enqueued_at IS NOT NULL"),
    ("ix_evaluations_run", "evaluations", ["finished_at"], "finished_at IS NOT NULL AND started_at IS NOT NULL"),
    ("ix_evaluations_failed", "evaluations", ["finished_at"], "state = 'failed'"),
]


def upgrade() -> None:
    """Apply. What a gateway of the version before puts in line is at the head of the widest lane."""
    hold(op.get_bind(), evaluations="SHARE", outbox="ACCESS EXCLUSIVE")
    op.add_column("outbox", sa.Column("lane", sa.Integer(), server_default="2", nullable=False))
    op.add_column("outbox", sa.Column("turn", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("outbox", sa.Column("team_id", sa.Uuid(), nullable=True))
    for name, table, columns, where in INDEXES:
        op.create_index(name, table, columns, unique=False, postgresql_where=sa.text(where))
    op.execute("CREATE SEQUENCE evaluation_turns")


def downgrade() -> None:
    """Undo."""
    op.execute("DROP SEQUENCE evaluation_turns")
    for name, table, _, where in reversed(INDEXES):
        op.drop_index(name, table_name=table, postgresql_where=sa.text(where))
    op.drop_column("outbox", "team_id")
    op.drop_column("outbox", "turn")
    op.drop_column("outbox", "lane")
