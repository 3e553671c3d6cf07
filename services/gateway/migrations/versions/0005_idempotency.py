"""Remembered requests; which scorer's version an outcome is of; a team's files by digest."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "requests",
        sa.Column("team_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("parameters", sa.Text(), nullable=False),
        sa.Column("submission_id", sa.Uuid(), nullable=False),
        sa.Column("reused", sa.Boolean(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["team_id"], ["teams.id"], name=op.f("fk_requests_team_id")),
        sa.ForeignKeyConstraint(
            ["submission_id"], ["submissions.id"], name=op.f("fk_requests_submission_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("team_id", "key", name=op.f("pk_requests")),
    )
    op.create_index(op.f("ix_requests_submission_id"), "requests", ["submission_id"], unique=False)
    op.create_index(op.f("ix_requests_created_at"), "requests", ["created_at"], unique=False)
    op.add_column("evaluations", sa.Column("scorer_version", sa.Text(), nullable=True))
    op.add_column("evaluations", sa.Column("notes", postgresql.JSONB(astext_type=sa.Text()), nullable=True))
    op.create_index(
        "ix_submissions_same",
        "submissions",
        ["team_id", "digest"],
        unique=False,
        postgresql_where=sa.text("state = 'sealed'"),
    )


def downgrade() -> None:
    """Undo."""
    op.drop_index("ix_submissions_same", table_name="submissions", postgresql_where=sa.text("state = 'sealed'"))
    op.drop_column("evaluations", "notes")
    op.drop_column("evaluations", "scorer_version")
    op.drop_index(op.f("ix_requests_created_at"), table_name="requests")
    op.drop_index(op.f("ix_requests_submission_id"), table_name="requests")
    op.drop_table("requests")
