"""The running database cluster, as the role `backup` sees it: its log, a slot that holds the log back, and marks in it."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from deploy.stack.addresses import Addresses
from deploy.stack.problem import Trouble

SLOT = "holdout_backup"

ARRIVAL_SECONDS = 30.0
"""Longest time for the log to get here after a mark; it takes milliseconds."""


class Cluster:
    """Connects anew for each question: the cluster may have been started again in between."""

    def __init__(self, addresses: Addresses) -> None:
        self.url = addresses.database_url("backup")
        # Separately, for programs that everybody can see the arguments of.
        self.password = addresses.secrets.database["backup"]
        self.open_url = self.url.replace(f":{self.password}@", "@")

    def identity(self) -> str:
        """What tells this log from any other: the cluster, and its timeline, which a restore changes."""
        with self._connected() as connection:
            row = connection.execute(
                "SELECT system_identifier, left(pg_walfile_name(pg_current_wal_lsn()), 8) FROM pg_control_system()"
            ).fetchone()
        assert row is not None, "these always answer"
        return f"{row[0]}-{row[1]}"

    def holds_the_log(self) -> bool:
        """Whether the slot is there and all that it shall hold back is."""
        with self._connected() as connection:
            query = "SELECT wal_status FROM pg_replication_slots WHERE slot_name = %s"
            row = connection.execute(query, [SLOT]).fetchone()
        return row is not None and row[0] not in ("lost", None)

    def hold_the_log(self) -> None:
        """Hold the log back from now on."""
        self.let_the_log_go()
        with self._connected() as connection:
            connection.execute("SELECT pg_create_physical_replication_slot(%s, true)", [SLOT])

    def let_the_log_go(self) -> None:
        """Hold nothing back any more."""
        query = "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = %s"
        with self._connected() as connection:
            connection.execute(query, [SLOT])

    def mark(self, name: str) -> str:
        """Mark this moment in the log; returns where. All that was committed before lies before it."""
        with self._connected() as connection:
            # The number makes this a transaction that is written out at its end, and the mark with it.
            query = "SELECT pg_create_restore_point(%s)::text, pg_current_xact_id()"
            row = connection.execute(query, [name]).fetchone()
        assert row is not None, "it answers or raises"
        return str(row[0])

    def wait_for_arrival(self, lsn: str) -> None:
        """Return when the log up to `lsn` is safely here; raises `Trouble` when it does not come."""
        deadline = time.monotonic() + ARRIVAL_SECONDS
        query = "SELECT restart_lsn >= %s::pg_lsn FROM pg_replication_slots WHERE slot_name = %s"
        with self._connected() as connection:
            while connection.execute(query, [lsn, SLOT]).fetchone() != (True,):
                if time.monotonic() > deadline:
                    raise Trouble("the database's log does not arrive", "the lines of pg_receivewal say why")
                time.sleep(0.02)

    @contextmanager
    def _connected(self) -> Iterator[psycopg.Connection]:
        with psycopg.connect(self.url, autocommit=True, connect_timeout=5) as connection:
            yield connection
