"""Boards say when they change, whoever changes them; who leads in a contest's categories is kept."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from shared.migrations import hold

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

PLACE = ("challenge", "task", "split")

# Deferred, so that a board's row is the last that a transaction locks, and only while it commits: numbers are given in
# the order of commits. The submission is locked, so that of an outcome and a publication at the same time the later one
# sees the earlier.
TRIGGERS = """
CREATE FUNCTION board_changed(changed uuid) RETURNS void LANGUAGE plpgsql AS $$
    DECLARE
        place record;
        number bigint;
    BEGIN
        SELECT challenge, task, split INTO place FROM submissions
            WHERE id = changed
                AND (published_at IS NOT NULL OR EXISTS (SELECT FROM entries WHERE submission_id = changed))
            FOR SHARE;
        IF NOT FOUND THEN
            RETURN;
        END IF;
        INSERT INTO boards AS known (challenge, task, split, changes, state)
            VALUES (place.challenge, place.task, place.split, 1, gen_random_uuid())
            ON CONFLICT (challenge, task, split) DO UPDATE SET changes = known.changes + 1, state = excluded.state
            RETURNING changes INTO number;
        INSERT INTO entries (submission_id, challenge, task, split, change)
            VALUES (changed, place.challenge, place.task, place.split, number)
            ON CONFLICT (submission_id) DO UPDATE SET change = excluded.change;
    END
$$;

CREATE FUNCTION evaluation_changed() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN PERFORM board_changed(NEW.submission_id); RETURN NULL; END
$$;

CREATE FUNCTION submission_changed() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN PERFORM board_changed(NEW.id); RETURN NULL; END
$$;

CREATE CONSTRAINT TRIGGER evaluation_ended AFTER INSERT OR UPDATE OF state ON evaluations
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.state IN ('scored', 'rejected', 'failed'))
    EXECUTE FUNCTION evaluation_changed();

CREATE CONSTRAINT TRIGGER submission_published AFTER UPDATE OF published_at ON submissions
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (OLD.published_at IS DISTINCT FROM NEW.published_at)
    EXECUTE FUNCTION submission_changed();
"""

# Those whose upload is under way come with their outcome.
ENTRIES_BEFORE = """
INSERT INTO boards (challenge, task, split, changes, state)
    SELECT challenge, task, split, 1, gen_random_uuid() FROM submissions
    WHERE published_at IS NOT NULL AND state = 'sealed' GROUP BY challenge, task, split;
INSERT INTO entries (submission_id, challenge, task, split, change)
    SELECT id, challenge, task, split, 1 FROM submissions
    WHERE published_at IS NOT NULL AND state = 'sealed';
"""


def upgrade() -> None:
    """Apply. What is published already is noted before anything can change."""
    hold(op.get_bind(), **dict.fromkeys(("submissions", "evaluations"), "SHARE ROW EXCLUSIVE"))
    op.create_table(
        "boards",
        *(sa.Column(name, sa.Text(), nullable=False) for name in PLACE),
        sa.Column("changes", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint(*PLACE, name=op.f("pk_boards")),
    )
    op.create_table(
        "entries",
        sa.Column("submission_id", sa.Uuid(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in PLACE),
        sa.Column("change", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["submission_id"], ["submissions.id"], name=op.f("fk_entries_submission_id")),
        sa.PrimaryKeyConstraint("submission_id", name=op.f("pk_entries")),
    )
    op.create_index("ix_entries_changes", "entries", [*PLACE, "change"], unique=False)
    op.create_table(
        "leads",
        *(sa.Column(name, sa.Text(), nullable=False) for name in (*PLACE, "track")),
        sa.Column("part", sa.Integer(), nullable=False),
        sa.Column("evaluations", sa.Text(), nullable=False),
        sa.Column("leads", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint(*PLACE, "track", "part", name=op.f("pk_leads")),
    )
    # The tables are held: nothing is published between the two.
    op.execute(TRIGGERS)
    op.execute(ENTRIES_BEFORE)


def downgrade() -> None:
    """Undo."""
    op.execute("DROP TRIGGER evaluation_ended ON evaluations")
    op.execute("DROP TRIGGER submission_published ON submissions")
    for function in ("evaluation_changed()", "submission_changed()", "board_changed(uuid)"):
        op.execute(f"DROP FUNCTION {function}")
    op.drop_table("leads")
    op.drop_index("ix_entries_changes", table_name="entries")
    op.drop_table("entries")
    op.drop_table("boards")
