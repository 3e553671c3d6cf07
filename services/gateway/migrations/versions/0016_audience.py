"""A challenge may be private: only the teams that are invited see it. All challenges of before are open."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "private_challenges",
        sa.Column("challenge", sa.Text(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("challenge", name=op.f("pk_private_challenges")),
    )
    op.create_table(
        "guests",
        sa.Column("challenge", sa.Text(), nullable=False),
        sa.Column("team_id", sa.Uuid(), nullable=False),
        sa.Column("invited_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["team_id"], ["teams.id"], name=op.f("fk_guests_team_id")),
        sa.PrimaryKeyConstraint("challenge", "team_id", name=op.f("pk_guests")),
    )


def downgrade() -> None:
    """Undo: all challenges are open then."""
    op.drop_table("guests")
    op.drop_table("private_challenges")
