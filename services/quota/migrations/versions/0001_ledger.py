"""The ledger, append-only from its first day."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the two tables, and forbid changing or removing what was posted."""
    op.create_table("teams", sa.Column("team", sa.Uuid, nullable=False), sa.PrimaryKeyConstraint("team"))
    op.create_table(
        "postings",
        sa.Column("posting", sa.BigInteger, sa.Identity(always=True), nullable=False),
        sa.Column("submission", sa.Uuid, nullable=False),
        sa.Column("team", sa.Uuid, nullable=False),
        sa.Column("pool", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("fault", sa.Text),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True)),
        sa.Column("places", sa.Integer, nullable=False),
        sa.Column("window_seconds", sa.Integer, nullable=False),
        sa.Column("forgiven_per_day", sa.Integer),
        sa.PrimaryKeyConstraint("posting", name="postings_pkey"),
        sa.ForeignKeyConstraint(["team"], ["teams.team"], name="postings_team_fkey"),
        sa.UniqueConstraint("submission", "kind", name="postings_submission_kind_key"),
        sa.CheckConstraint("kind IN ('held', 'spent', 'released', 'refunded')", name="postings_kind_check"),
        sa.CheckConstraint("fault IN ('theirs', 'ours')", name="postings_fault_check"),
        sa.CheckConstraint(
            "(fault IS NOT NULL) = (kind IN ('released', 'refunded'))", name="postings_fault_told_check"
        ),
        sa.CheckConstraint("(expires_at IS NOT NULL) = (kind = 'held')", name="postings_hold_ends_check"),
    )
    op.create_index("postings_team_pool_at_idx", "postings", ["team", "pool", "at"])
    op.create_index("postings_rejected_idx", "postings", ["team", "at"], postgresql_where=sa.text("fault = 'theirs'"))
    op.execute(
        "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "RAISE EXCEPTION 'the ledger is append-only: post a correction instead'; END $$"
    )
    op.execute(
        "CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON postings "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )
