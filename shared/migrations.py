"""Bring a service's database to its newest version (Alembic), with no alembic.ini and from any folder."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from shared.database import Database

LOCK = 7_105_001
"""Any number will do, as long as every migration of a database takes the same."""


def migrate(database_url: str, folder: Path) -> str:
    """Run the versions in `folder` that are missing, one process at a time, all or nothing; returns the newest one."""
    config = _config(folder)
    database = Database(database_url, "holdout migrate", pool_size=1)
    try:
        with database.begin() as session:
            session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
            config.attributes["connection"] = session.connection()
            command.upgrade(config, "head")
    finally:
        database.close()
    return ScriptDirectory.from_config(config).get_current_head() or "nothing"


def known(folder: Path) -> list[str]:
    """The versions in `folder`, from the first to the newest."""
    scripts = ScriptDirectory.from_config(_config(folder)).walk_revisions()
    return [script.revision for script in scripts][::-1]


def version_of(database: Database) -> str | None:
    """The version that a database is at; None where it has no tables of ours."""
    with database.look() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def _config(folder: Path) -> Config:
    config = Config()
    config.set_main_option("script_location", str(folder))
    return config
