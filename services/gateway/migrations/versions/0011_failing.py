"""Since when an endpoint has been failing, and what its owner is told: events of no submission, mails to persons."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from shared.migrations import hold

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply. An older gateway gives every event a submission and a sequence, as before."""
    hold(op.get_bind(), **dict.fromkeys(("events", "endpoints", "accounts"), "ACCESS EXCLUSIVE"))
    moment = sa.DateTime(timezone=True)
    op.add_column("endpoints", sa.Column("disabled_because", sa.Text(), nullable=True))
    op.add_column("endpoints", sa.Column("failing_since", moment, nullable=True))
    op.add_column("endpoints", sa.Column("failures", sa.Integer(), server_default="0", nullable=False))
    op.add_column("endpoints", sa.Column("warned_at", moment, nullable=True))
    op.add_column("accounts", sa.Column("mailed", postgresql.ARRAY(moment), server_default="{}", nullable=False))
    op.alter_column("events", "submission_id", nullable=True)
    op.alter_column("events", "sequence", nullable=True)


def downgrade() -> None:
    """Undo. What was told of endpoints goes with it."""
    op.execute("DELETE FROM events WHERE submission_id IS NULL")
    op.alter_column("events", "sequence", nullable=False)
    op.alter_column("events", "submission_id", nullable=False)
    op.drop_column("accounts", "mailed")
    for name in ("warned_at", "failures", "failing_since", "disabled_because"):
        op.drop_column("endpoints", name)
