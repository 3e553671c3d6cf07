"""Whether the service in this container works: asked by the container engine, answered by the exit status.

`python -m deploy.containers.health web PORT | courier | scorer`. Runs every few seconds: it imports no service, and the
courier's database driver only where it is needed.
"""

import http.client
import os
import socket
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

TIMEOUT_SECONDS = 10
"""Below what docker-compose.yml allows, so that a slow answer is told from none."""


def told(name: str) -> str:
    """A setting of this container's service: its variable, or the file of that name among our secrets."""
    folder = os.environ.get("HOLDOUT_SECRETS_FOLDER", "/nowhere")
    return os.environ.get(name) or (Path(folder) / name).read_text(encoding="utf-8").strip()


def web(port: int) -> bool:
    """Whether /readyz says so."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_SECONDS)
    connection.request("GET", "/readyz")
    return connection.getresponse().status == 200


def courier() -> bool:
    """Whether PostgreSQL has the courier of this address listening for bells."""
    import psycopg  # only the gateway's image has it

    listening = """
        SELECT count(*) FROM pg_stat_activity
        WHERE application_name = 'holdout courier bells' AND client_addr = inet_client_addr()
    """
    try:
        with psycopg.connect(told("HOLDOUT_GATEWAY_DATABASE_URL"), connect_timeout=TIMEOUT_SECONDS) as connection:
            row = connection.execute(listening).fetchone()
    except psycopg.Error as error:
        print(error)
        return False
    return row is not None and row[0] > 0


def scorer() -> bool:
    """Whether the scorer of this container has signed on at the queue within the last seconds."""
    user, password = told("HOLDOUT_SCORER_REDIS_USERNAME"), told("HOLDOUT_SCORER_REDIS_PASSWORD")
    address = (told("HOLDOUT_SCORER_REDIS_HOST"), int(told("HOLDOUT_SCORER_REDIS_PORT")))
    with socket.create_connection(address, TIMEOUT_SECONDS) as line, line.makefile("rb") as answers:
        line.sendall(f"AUTH {user} {password}\r\nEXISTS evaluations:health:{scorer_name()}\r\n".encode())
        return (answers.readline(), answers.readline()) == (b"+OK\r\n", b":1\r\n")


def scorer_name() -> str:
    """As `services/scorer/settings.py` makes it."""
    return os.environ.get("HOLDOUT_SCORER_NAME") or f"{socket.gethostname()}-{worker_pid()}"


def worker_pid() -> int:
    """The scorer's process here; 0 when there is none."""
    return min((int(path.parent.name) for path in Path("/proc").glob("[0-9]*/cmdline") if _works(path)), default=0)


def _works(path: Path) -> bool:
    # Not the engine's init, whose own arguments end in the same words.
    try:
        program, *arguments = path.read_bytes().split(b"\0")[:-1]
    except (OSError, ValueError):
        return False
    return b"python" in program and arguments == [b"-m", b"services.scorer", b"work"]


CHECKS: Mapping[str, Callable[..., bool]] = {"web": web, "courier": courier, "scorer": scorer}


def main() -> int:
    """Ask; 0 when it works."""
    kind, *arguments = sys.argv[1:]
    try:
        healthy = CHECKS[kind](*map(int, arguments))
    except (OSError, http.client.HTTPException) as error:
        print(error)
        return 1
    return 0 if healthy else 1


if __name__ == "__main__":
    sys.exit(main())
