"""Bring a service's database to its newest version (Alembic), with no alembic.ini and from any folder.

The services go on meanwhile. A version is one transaction, which gives its tables back and begins anew a moment later
when somebody else is on them: rather the migration waits than a team.
"""

import logging
import time
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from shared.database import Database
from shared.errors import Unavailable

log = logging.getLogger(__name__)

LOCK = 7_105_001
"""Any number will do, as long as every migration of a database takes the same."""

PATIENCE_SECONDS = 300.0
"""How long one version may go without its tables before it is given up."""

FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.25, 10.0

HOLD_MILLISECONDS = 900
"""Less than PostgreSQL's `deadlock_timeout` (1 s), see `hold`."""

IN_THE_WAY = {"55P03", "40P01"}
"""What PostgreSQL calls a lock that did not come in time, and a deadlock."""

HOLDERS = """
SELECT application_name, pid, extract(epoch FROM now() - xact_start)::int AS seconds FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND xact_start IS NOT NULL
ORDER BY xact_start LIMIT 3
"""


def migrate(database_url: str, folder: Path, patience_seconds: float = PATIENCE_SECONDS) -> str:
    """Run the versions in `folder` that are missing, one process at a time, each all or nothing; returns the newest.

    Raises `Unavailable` when others keep a version from its tables for `patience_seconds`: those before it stay.
    """
    config = _config(folder)
    database = Database(database_url, "holdout migrate", pool_size=1)
    try:
        while _patiently(database, config, patience_seconds):
            pass
    finally:
        database.close()
    return ScriptDirectory.from_config(config).get_current_head() or "nothing"


def hold(connection: Connection, **modes: str) -> None:
    """Take a version's tables, each in its mode and all before the first change; for the head of `upgrade`.

    The services lock the same tables, in more than one order. PostgreSQL looks for a deadlock when somebody has waited
    for a second, and ends whoever looked. By then a migration has all of its tables or has let them go: it is never a
    service that is ended.
    """
    connection.execute(text(f"SET LOCAL lock_timeout = {HOLD_MILLISECONDS // len(modes)}"))
    for table, mode in modes.items():
        connection.execute(text(f"LOCK TABLE {table} IN {mode} MODE"))


def known(folder: Path) -> list[str]:
    """The versions in `folder`, from the first to the newest."""
    scripts = ScriptDirectory.from_config(_config(folder)).walk_revisions()
    return [script.revision for script in scripts][::-1]


def version_of(database: Database) -> str | None:
    """The version that a database is at; None where it has no tables of ours."""
    with database.look() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def _patiently(database: Database, config: Config, patience_seconds: float) -> bool:
    """Apply the next version, as soon as nobody is in its way; False when there is none."""
    deadline = time.monotonic() + patience_seconds
    pause = FIRST_PAUSE_SECONDS
    while True:
        try:
            return _step(database, config)
        except Unavailable as error:
            if not _in_the_way(error.__cause__):
                raise
            waits = f"the version after {version_of(database) or 'nothing'} waits for its tables; at work: "
            waits += _at_work(database)
            if time.monotonic() + pause > deadline:
                raise Unavailable(
                    "database-unavailable", f"{waits}; given up after {patience_seconds:.0f} s"
                ) from error
        log.warning("%s", waits)
        time.sleep(pause)
        pause = min(2 * pause, LONGEST_PAUSE_SECONDS)


def _step(database: Database, config: Config) -> bool:
    """Apply the next version in a transaction of its own; False when there is none."""
    versions = ScriptDirectory.from_config(config)
    with database.begin() as session:
        # An index may take its time, and so may another migration, whose turn it is.
        session.execute(text("SET LOCAL statement_timeout = 0"))
        session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
        session.execute(text("SET LOCAL lock_timeout = 2000"))
        connection = session.connection()
        if MigrationContext.configure(connection).get_current_revision() == versions.get_current_head():
            return False
        config.attributes["connection"] = connection
        command.upgrade(config, "+1")
    return True


def _in_the_way(error: BaseException | None) -> bool:
    return isinstance(error, DBAPIError) and getattr(error.orig, "sqlstate", None) in IN_THE_WAY


def _at_work(database: Database) -> str:
    """Who has been in a transaction for the longest."""
    with database.look() as connection:
        holders = connection.execute(text(HOLDERS)).all()
    return (
        ", ".join(f"{name} (process {pid}) for {seconds} s" for name, pid, seconds in holders)
        or "nobody who can be seen"
    )


def _config(folder: Path) -> Config:
    config = Config()
    config.set_main_option("script_location", str(folder))
    return config
