"""Who is handed which secrets: a folder for each container, so that each sees its own and no other's.

A service's folder holds a file per setting, named like its variable (see `shared/settings.py`); a server's holds what
that server reads. Written anew at each start from the one file that is kept, `secrets.json`.
"""

from collections.abc import Mapping
from pathlib import Path

from deploy.containers.addresses import EVERYWHERE, PORTS, among_containers
from deploy.stack.environment import SERVICES, known
from deploy.stack.files import write_private
from deploy.stack.secrets import Secrets
from deploy.stack.servers.seaweedfs import identities_file, security_file
from deploy.stack.servers.valkey import configuration_file

DATA = Path("/data")
"""Where Valkey's image keeps its data."""

FOR_OUR_GROUP = 0o440
"""The servers' images have users of their own, who are put into our group."""


def contents(secrets: Secrets) -> dict[str, dict[str, str]]:
    """Each container's files, by name."""
    addresses = among_containers(secrets)
    return {service: known(service, addresses) for service in SERVICES} | {
        "postgres": {"password": secrets.database["admin"]},
        "valkey": {
            "valkey.conf": configuration_file(DATA, PORTS["valkey"], secrets, EVERYWHERE),
            "admin-password": secrets.queue["admin"],
        },
        "seaweedfs": {"identities.json": identities_file(secrets), "security.toml": security_file(secrets)},
    }


def hand_out(secrets: Secrets, folder: Path) -> None:
    """Write each container's files to the folder of its name in `folder`; what is there besides is removed."""
    for name, files in contents(secrets).items():
        _fill(folder / name, files)


def _fill(folder: Path, files: Mapping[str, str]) -> None:
    folder.mkdir(mode=0o750, exist_ok=True)
    for name, text in files.items():
        write_private(folder / name, text, FOR_OUR_GROUP)
    for path in folder.iterdir():
        if path.name not in files:
            path.unlink()
