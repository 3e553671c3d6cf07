"""Batches of many models, which say when one of their models changes, whoever changes it."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from shared.migrations import hold

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

# Deferred, so that a batch's row is locked only while a transaction commits, and numbers are given in the order of commits.
# Boards lock theirs first, by the order of names: whoever changes a board and a batch waits in this order.
# A model that is given a submission locks it against its outcome (the foreign key): of both the later sees the earlier.
TRIGGERS = """
CREATE FUNCTION batch_model_changed(batch uuid, place integer) RETURNS void LANGUAGE plpgsql AS $$
    DECLARE
        number bigint;
    BEGIN
        UPDATE batches SET changes = changes + 1 WHERE id = batch RETURNING changes INTO number;
        UPDATE batch_models SET change = number WHERE batch_id = batch AND index = place;
        PERFORM pg_notify('batches', batch::text);
    END
$$;

CREATE FUNCTION evaluation_followed() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM batch_model_changed(batch_id, index) FROM
            (SELECT batch_id, index FROM batch_models WHERE submission_id = NEW.submission_id ORDER BY batch_id, index)
            AS followers;
        RETURN NULL;
    END
$$;

CREATE FUNCTION model_changed() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN PERFORM batch_model_changed(NEW.batch_id, NEW.index); RETURN NULL; END
$$;

CREATE CONSTRAINT TRIGGER evaluation_followed AFTER INSERT ON evaluations
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION evaluation_followed();

CREATE CONSTRAINT TRIGGER evaluation_followed_on AFTER UPDATE OF state ON evaluations
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (OLD.state IS DISTINCT FROM NEW.state)
    EXECUTE FUNCTION evaluation_followed();

CREATE CONSTRAINT TRIGGER model_changed AFTER UPDATE OF submission_id, refused, problem ON batch_models
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION model_changed();
"""


def upgrade() -> None:
    """Apply."""
    hold(op.get_bind(), **dict.fromkeys(("teams", "submissions", "evaluations"), "SHARE ROW EXCLUSIVE"))
    op.create_table(
        "batches",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("team_id", sa.Uuid(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("digest", "challenge", "task", "split")),
        sa.Column("tolerance", sa.Text(), nullable=True),
        sa.Column("changes", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("wanted_until", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["team_id"], ["teams.id"], name=op.f("fk_batches_team_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_batches")),
        sa.UniqueConstraint("team_id", "digest", name="uq_batches_digest"),
    )
    op.create_index("ix_batches_mine", "batches", ["team_id", "created_at", "id"], unique=False)
    op.create_table(
        "batch_models",
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("index", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("revision", sa.Text(), nullable=True),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("labels", "description", "track")),
        *(sa.Column(name, sa.Boolean(), nullable=False) for name in ("publish", "participating")),
        sa.Column("claimed", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=True) for name in ("file", "digest")),
        sa.Column("size_bytes", sa.BigInteger(), nullable=True),
        sa.Column("same_as", sa.Integer(), nullable=True),
        sa.Column("refused", sa.Boolean(), nullable=False),
        sa.Column("problem", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("known", sa.Boolean(), nullable=False),
        sa.Column("submission_id", sa.Uuid(), nullable=True),
        sa.Column("change", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["batches.id"], name=op.f("fk_batch_models_batch_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["submission_id"], ["submissions.id"], name=op.f("fk_batch_models_submission_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("batch_id", "index", name=op.f("pk_batch_models")),
    )
    op.create_index("ix_batch_models_change", "batch_models", ["batch_id", "change"], unique=False)
    where = {"submission": "submission_id IS NOT NULL", "wanted": "submission_id IS NULL AND NOT refused"}
    columns = {"submission": ["submission_id"], "wanted": ["batch_id"]}
    for name, condition in where.items():
        op.create_index(
            f"ix_batch_models_{name}", "batch_models", columns[name], unique=False, postgresql_where=sa.text(condition)
        )
    op.execute(TRIGGERS)


def downgrade() -> None:
    """Undo."""
    op.execute("DROP TRIGGER evaluation_followed ON evaluations")
    op.execute("DROP TRIGGER evaluation_followed_on ON evaluations")
    op.drop_table("batch_models")
    op.drop_table("batches")
    for function in ("model_changed()", "evaluation_followed()", "batch_model_changed(uuid, integer)"):
        op.execute(f"DROP FUNCTION {function}")
