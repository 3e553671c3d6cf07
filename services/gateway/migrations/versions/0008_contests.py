"""What decides contests by categories: each category's value, and who takes part; entries of several files."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply. Entries that exist take part; their categories come with their next evaluation."""
    op.add_column("submissions", sa.Column("participating", sa.Boolean(), server_default="true", nullable=False))
    op.add_column("submissions", sa.Column("entry_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(op.f("fk_submissions_entry_id"), "submissions", "submissions", ["entry_id"], ["id"])
    op.create_index(
        "ix_submissions_entry",
        "submissions",
        ["entry_id"],
        unique=False,
        postgresql_where=sa.text("entry_id IS NOT NULL"),
    )
    op.add_column("evaluations", sa.Column("categories", postgresql.JSONB(astext_type=sa.Text()), nullable=True))


def downgrade() -> None:
    """Undo."""
    op.drop_column("evaluations", "categories")
    op.drop_index("ix_submissions_entry", table_name="submissions", postgresql_where=sa.text("entry_id IS NOT NULL"))
    op.drop_constraint(op.f("fk_submissions_entry_id"), "submissions", type_="foreignkey")
    op.drop_column("submissions", "entry_id")
    op.drop_column("submissions", "participating")
