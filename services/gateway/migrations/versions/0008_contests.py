"""What decides contests by categories: each category's value, and who takes part."""

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
    op.add_column("evaluations", sa.Column("categories", postgresql.JSONB(astext_type=sa.Text()), nullable=True))


def downgrade() -> None:
    """Undo."""
    op.drop_column("evaluations", "categories")
    op.drop_column("submissions", "participating")
