"""Run by Alembic: applies the versions over the connection that `shared.migrations` opened, in its transaction."""

from alembic import context

from services.quota.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
