"""Evaluations that have ended and miss an object in S3: what is being made anew, and what cannot be."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "losses",
        sa.Column("evaluation_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("state IN ('awaited', 'differs', 'lost')", name=op.f("ck_losses_state")),
        sa.ForeignKeyConstraint(
            ["evaluation_id"], ["evaluations.id"], name=op.f("fk_losses_evaluation_id_evaluations")
        ),
        sa.PrimaryKeyConstraint("evaluation_id", name=op.f("pk_losses")),
    )


def downgrade() -> None:
    """Undo."""
    op.drop_table("losses")
