"""The list of programs that make up Holdout on one machine, in the order in which they are started."""

import http.client
import sys
from pathlib import Path

from deploy.stack.addresses import Addresses
from deploy.stack.environment import environment
from deploy.stack.folder import Folder
from deploy.stack.ports import HOST
from deploy.stack.program import Program
from deploy.stack.servers.postgres import postgres
from deploy.stack.servers.seaweedfs import seaweedfs
from deploy.stack.servers.valkey import valkey

ROOT = Path(__file__).resolve().parents[2]
"""The top of the repository: import names run from here."""

PRACTICE = ROOT / "deploy/challenges/practice"


def servers(folder: Folder, addresses: Addresses) -> tuple[Program, ...]:
    """What the services stand on. Slowest first."""
    return (
        seaweedfs(folder.data("seaweedfs"), addresses),
        postgres(folder.data("postgres"), addresses),
        valkey(folder.data("valkey"), addresses.ports["valkey"], addresses.secrets),
    )


def services(folder: Folder, addresses: Addresses, scorers: int) -> tuple[Program, ...]:
    """Holdout itself, with as many scorers as asked for."""
    return (
        _migration("quota", addresses),
        _migration("gateway", addresses),
        _practice(addresses),
        _web("quota", addresses, needs=("quota-tables",)),
        _web("gateway", addresses, needs=("gateway-tables", "seaweedfs")),
        Program(
            name="courier",
            command=_python("services.gateway", "courier"),
            environment=environment("courier", addresses.seen_by("courier")),
            folder=ROOT,
            needs=("gateway-tables", "seaweedfs", "valkey"),
            # A delivery that is under way takes 20 s at most.
            stop_seconds=25.0,
            overlaps=True,
        ),
        *(_scorer(f"scorer-{number}", folder, addresses) for number in range(1, scorers + 1)),
    )


def _migration(service: str, addresses: Addresses) -> Program:
    return Program(
        name=f"{service}-tables",
        command=_python(f"services.{service}", "migrate"),
        environment=environment(service, addresses),
        folder=ROOT,
        needs=("postgres",),
        once=True,
    )


def _practice(addresses: Addresses) -> Program:
    """Publishes the practice challenge, once in a stack's life. Its truth needs no check here: our tests do that."""
    options = ("--ground-truth", f"practice={PRACTICE / 'truth.txt'}", "--without-check", "--unless-published")
    return Program(
        name="practice",
        command=(*_python("services.gateway", "publish"), str(PRACTICE), *options),
        environment=environment("publish", addresses),
        folder=ROOT,
        needs=("gateway-tables", "seaweedfs"),
        once=True,
    )


def _web(service: str, addresses: Addresses, needs: tuple[str, ...]) -> Program:
    return Program(
        name=service,
        command=_python(f"services.{service}", "serve"),
        environment=environment(service, addresses.seen_by(service)),
        folder=ROOT,
        needs=needs,
        port=addresses.ports[service],
        overlaps=True,
        listens_as=f"HOLDOUT_{service.upper()}_LISTEN_FD",
    )


def _scorer(name: str, folder: Folder, addresses: Addresses) -> Program:
    cache = folder.data(name) / "cache"
    own = {"HOLDOUT_SCORER_NAME": name, "HOLDOUT_SCORER_CACHE_FOLDER": str(cache)}
    return Program(
        name=name,
        command=_python("services.scorer", "work"),
        environment=environment("scorer", addresses.seen_by(name)) | own,
        folder=ROOT,
        prepare=lambda: cache.mkdir(mode=0o700, parents=True, exist_ok=True),
        needs=("seaweedfs", "valkey"),
        overlaps=True,
    )


def _python(module: str, command: str) -> tuple[str, ...]:
    return (sys.executable, "-m", module, command)


def answers_ready(port: int) -> bool:
    """Whether /readyz on `port` says 200."""
    connection = http.client.HTTPConnection(HOST, port, timeout=5)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
