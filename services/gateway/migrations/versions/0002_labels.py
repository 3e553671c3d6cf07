"""How a submission's file names categories; submissions whose place was forgiven."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column("submissions", sa.Column("labels", sa.Text(), server_default="ilsvrc", nullable=False))
    op.add_column("submissions", sa.Column("forgiven_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    """Undo."""
    op.drop_column("submissions", "forgiven_at")
    op.drop_column("submissions", "labels")
