"""The ledger's tables, version by version (Alembic); needs no alembic.ini and no working directory."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import text

from shared.database import Database

LOCK = 7_105_001
"""Any number will do, as long as every migration of this database takes the same."""


def migrate(database_url: str) -> None:
    """Bring the database to the newest version; one at a time, all or nothing. Raises `Unavailable`."""
    database = Database(database_url, "quota-migrate", pool_size=1)
    try:
        with database.begin() as session:
            session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
            config = Config()
            config.set_main_option("script_location", str(Path(__file__).parent))
            config.attributes["connection"] = session.connection()
            command.upgrade(config, "head")
    finally:
        database.close()
