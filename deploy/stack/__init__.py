"""Holdout on one machine: PostgreSQL, Valkey, SeaweedFS and the services, from wheels, as processes in one folder."""
