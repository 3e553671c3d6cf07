"""The migrations make exactly the tables that the code knows."""

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from services.gateway.desk import Desk
from services.gateway.tables import Base


def test_the_migrations_and_the_tables_agree(desk: Desk) -> None:
    with desk.database.begin() as session:
        context = MigrationContext.configure(session.connection(), opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []
