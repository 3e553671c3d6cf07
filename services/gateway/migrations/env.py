"""Alembic's entry: applies the versions over the connection that `shared.migrations` opened, in its transaction."""

from alembic import context

from services.gateway.tables import Base

context.configure(connection=context.config.attributes["connection"], target_metadata=Base.metadata)
context.run_migrations()
