"""The gateway's schema, version by version (Alembic)."""
