"""The ledger itself: lines are only ever added, and the migrations make the tables that the code believes in."""

from uuid import UUID, uuid4

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from services.quota.migrations import FOLDER
from services.quota.tables import metadata
from shared.database import Database
from shared.migrations import migrate
from tests.services.quota.conftest import Service


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE postings SET fault = 'ours'",
        "UPDATE postings SET kind = 'refunded' WHERE submission = gen_random_uuid()",
        "DELETE FROM postings",
        "TRUNCATE postings",
        "TRUNCATE teams CASCADE",
    ],
)
def test_no_line_can_be_changed_or_removed(service: Service, team: UUID, statement: str) -> None:
    service.reserve(team)
    before = service.sql("SELECT count(*) FROM postings")
    with pytest.raises(psycopg.errors.RaiseException, match="append-only"):
        service.sql(statement)
    assert service.sql("SELECT count(*) FROM postings") == before


def test_a_line_can_be_read_by_itself(service: Service, team: UUID) -> None:
    submission = uuid4()
    service.reserve(team, submission)
    service.settle(submission, "returned", "theirs")
    lines = service.sql(
        "SELECT kind, fault, pool, places, window_seconds FROM postings WHERE submission = %s ORDER BY posting",
        submission,
    )
    assert lines == [("held", None, "test", 2, 604_800), ("released", "theirs", "test", 2, 604_800)]


def test_a_submission_has_one_line_of_each_kind(service: Service, team: UUID) -> None:
    submission = uuid4()
    service.reserve(team, submission)
    with pytest.raises(psycopg.errors.UniqueViolation):
        service.sql(
            "INSERT INTO postings (submission, team, pool, kind, at, expires_at, places, window_seconds) "
            "VALUES (%s, %s, 'test', 'held', now(), now(), 2, 60)",
            submission,
            team,
        )


def test_the_migrations_make_exactly_the_tables_of_the_code_and_can_run_again(service: Service) -> None:
    migrate(service.database_url, FOLDER)
    database = Database(service.database_url, "test", pool_size=1)
    with database.begin() as session:
        assert compare_metadata(MigrationContext.configure(session.connection()), metadata) == []
    database.close()
