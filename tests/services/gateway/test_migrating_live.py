"""Migrations while the services work: nobody's transaction fails, and a version that must wait says for whom.

The services are played by their statements, in their order: those of the version before are not here any more.
"""

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle
from pathlib import Path
from uuid import UUID, uuid4

import psycopg
import pytest
from alembic import command
from alembic.config import Config
from psycopg import sql
from sqlalchemy.exc import ProgrammingError

from deploy.stack.addresses import Addresses
from services.gateway.migrations import FOLDER
from shared.database import Database
from shared.errors import Unavailable
from shared.migrations import known, migrate, version_of
from tests.waiting import eventually

NEWEST = known(FOLDER)[-1]
ROWS = 3000
LOOPS = 2

BEFORE = f"""
INSERT INTO teams (id, name, created_at) VALUES (gen_random_uuid(), 'old', now());
INSERT INTO submissions (id, team_id, challenge, task, split, state, method, description, track, object_key,
                         created_at, deadline_at)
    SELECT gen_random_uuid(), teams.id, 'tiny', 'classification', 'test', 'open', '', '', 'provided', '', now(), now()
    FROM teams, generate_series(1, {ROWS});
INSERT INTO evaluations (id, submission_id, version, definition, truth, state, attempt, created_at, heard_at)
    SELECT id, id, 1, '', '', 'queued', 1, now(), now() FROM submissions;
INSERT INTO outbox (kind, payload, created_at, next_attempt_at)
    SELECT 'evaluate', jsonb_build_object('evaluation', id), now(), now() FROM evaluations;
"""  # noqa: S608 - made of our own words

SEAL = "UPDATE submissions SET state = 'sealed', sealed_at = now() WHERE id = %s"
EVALUATE = """
INSERT INTO evaluations (id, submission_id, version, definition, truth, state, attempt, created_at, heard_at)
VALUES (gen_random_uuid(), %s, 2, '', '', 'queued', 1, now(), now())
"""
OWE = "INSERT INTO outbox (kind, payload, created_at, next_attempt_at) VALUES ('evaluate', '{}', now(), now())"

CONCLUDE = "UPDATE evaluations SET state = 'scored', finished_at = now() WHERE id = %s"
FORGIVE = "UPDATE submissions SET forgiven_at = now() WHERE id = %s"
HOLD_DUE = "SELECT id FROM outbox ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED"
CLAIM = f"UPDATE outbox SET attempts = attempts + 1 WHERE id = ({HOLD_DUE})"  # noqa: S608 - made of our own words

Statements = Sequence[str]
SEALING = (SEAL, EVALUATE, OWE)
CONCLUDING = (CONCLUDE, FORGIVE, CLAIM)


@pytest.fixture
def url(servers: Addresses) -> Iterator[str]:
    """An empty database of the gateway's."""
    name = sql.Identifier(f"live_{uuid4().hex[:12]}")
    with psycopg.connect(servers.database_url("admin"), autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE DATABASE {} OWNER gateway").format(name))
        yield servers.database_url("gateway").removesuffix("/gateway") + f"/{name.as_string()[1:-1]}"
        admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))


def filled(url: str, version: str) -> None:
    """Bring the database to `version`, with rows."""
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    database = Database(url, "test", pool_size=1)
    with database.begin() as session:
        config.attributes["connection"] = session.connection()
        command.upgrade(config, version)
    database.close()
    with psycopg.connect(url) as connection:
        connection.execute(BEFORE)


def work(connection: psycopg.Connection, submission: UUID, statements: Statements) -> None:
    """Part of a service's transaction."""
    for statement in statements:
        connection.execute(statement, [submission] if "%s" in statement else None)


def submissions(url: str) -> list[UUID]:
    with psycopg.connect(url) as connection:
        return [row[0] for row in connection.execute("SELECT id FROM submissions ORDER BY id")]


def version(url: str) -> str | None:
    database = Database(url, "test", pool_size=1)
    try:
        return version_of(database)
    finally:
        database.close()


def waits(url: str) -> bool:
    """Whether the migration waits for a table just now."""
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' "
    with psycopg.connect(url) as connection:
        row = connection.execute(waiting + "AND application_name = 'holdout migrate'").fetchone()
    return row is not None and row[0] > 0


@pytest.mark.parametrize(
    ("version_before", "statements", "first"), [("0009", SEALING, 2), ("0012", CONCLUDING, 1)], ids=["seal", "conclude"]
)
def test_a_transaction_that_was_there_first_goes_through(
    url: str, version_before: str, statements: Statements, first: int
) -> None:
    filled(url, version_before)
    submission = submissions(url)[0]
    with ThreadPoolExecutor() as pool, psycopg.connect(url) as service:
        work(service, submission, statements[:first])
        migration = pool.submit(migrate, url, FOLDER)
        eventually(lambda: waits(url))
        work(service, submission, statements[first:])
        service.commit()
        assert migration.result(60) == NEWEST


def test_services_work_on_while_all_versions_are_applied(url: str) -> None:
    filled(url, "0009")
    over = threading.Event()

    def serve(own: Sequence[UUID], statements: Statements) -> int:
        with psycopg.connect(url) as connection:
            for done, submission in enumerate(cycle(own)):
                if over.is_set():
                    return done
                work(connection, submission, statements)
                connection.commit()
        raise AssertionError("a cycle does not end")

    known_ones = submissions(url)
    with ThreadPoolExecutor() as pool:
        loops = [pool.submit(serve, known_ones[n::LOOPS], (SEALING, CONCLUDING)[n % 2]) for n in range(LOOPS)]
        try:
            assert migrate(url, FOLDER) == NEWEST
        finally:
            over.set()
        assert all(loop.result(60) > 0 for loop in loops)


def test_whoever_keeps_a_version_waiting_is_named_and_what_is_applied_stays(url: str) -> None:
    filled(url, "0011")
    with psycopg.connect(url, application_name="somebody") as reader:
        reader.execute("SELECT FROM submissions, evaluations LIMIT 1 FOR UPDATE")
        reader.execute("LOCK TABLE submissions IN ROW EXCLUSIVE MODE")
        with pytest.raises(Unavailable, match=r"the version after 0012 waits for its tables; at work: somebody"):
            migrate(url, FOLDER, patience_seconds=0)
        assert version(url) == "0012"
    assert migrate(url, FOLDER) == NEWEST


def test_of_several_migrations_at_once_each_version_is_applied_by_one(url: str) -> None:
    with ThreadPoolExecutor() as pool:
        assert list(pool.map(lambda _: migrate(url, FOLDER), range(3))) == [NEWEST] * 3


ENTRY = """
from alembic import context
context.configure(connection=context.config.attributes["connection"])
context.run_migrations()
"""
VERSION = """
from alembic import op
revision, down_revision = "{}", {!r}
def upgrade():
    op.execute("{}")
"""


def folder_of(folder: Path, *statements: str) -> Path:
    """A folder of migrations, one for each statement."""
    (folder / "versions").mkdir()
    (folder / "env.py").write_text(ENTRY)
    for number, statement in enumerate(statements, start=1):
        before = str(number - 1) if number > 1 else None
        (folder / "versions" / f"{number}.py").write_text(VERSION.format(number, before, statement))
    return folder


def test_a_version_may_take_its_time_but_not_for_a_lock(url: str, tmp_path: Path) -> None:
    names = "current_setting('statement_timeout') AS statement, current_setting('lock_timeout') AS lock"
    migrate(url, folder_of(tmp_path, f"CREATE TABLE limits AS SELECT {names}"))
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT * FROM limits").fetchone() == ("0", "2s")


def test_a_version_that_fails_leaves_nothing_and_those_before_it_stay(url: str, tmp_path: Path) -> None:
    folder = folder_of(tmp_path, "SELECT 1", "CREATE TABLE half (); SELECT * FROM nowhere")
    with pytest.raises(ProgrammingError, match="nowhere"):
        migrate(url, folder)
    assert version(url) == "1"
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT to_regclass('half')").fetchone() == (None,)
