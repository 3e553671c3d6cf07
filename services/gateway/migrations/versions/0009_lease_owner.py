"""Whose the lease on putting an upload's parts together is."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply. A lease without an owner ends by itself."""
    op.add_column("uploads", sa.Column("completing_by", sa.Uuid(), nullable=True))


def downgrade() -> None:
    """Undo."""
    op.drop_column("uploads", "completing_by")
