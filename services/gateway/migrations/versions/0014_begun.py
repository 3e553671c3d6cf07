"""How many attempts of an evaluation a scorer has begun: what the queue loses before that is not the file's fault."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply. Attempts of before are forgotten: open evaluations get them all again."""
    op.add_column("evaluations", sa.Column("begun", sa.Integer(), server_default="0", nullable=False))


def downgrade() -> None:
    """Undo."""
    op.drop_column("evaluations", "begun")
