"""`python -m deploy.containers secrets | identities`: what docker-compose.yml runs once, at each `up`."""

import argparse
import sys
import time
from pathlib import Path

from deploy.containers.addresses import among_containers
from deploy.containers.handing import hand_out
from deploy.stack.problem import Trouble
from deploy.stack.secrets import Secrets, keep_secrets
from deploy.stack.servers.postgres import has_databases
from deploy.stack.servers.seaweedfs import takes_objects

PATIENCE_SECONDS = 60
"""The servers have said that they are ready; this is for one that starts a second time."""


def make_secrets(secrets: Secrets, folder: Path) -> None:
    """Hand the secrets out."""
    hand_out(secrets, folder)
    print("every container has its secrets")


def make_identities(secrets: Secrets, _: Path) -> None:
    """Make roles, databases and buckets, as far as they are missing."""
    addresses = among_containers(secrets)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (has_databases(addresses) and takes_objects(addresses.storage_address("admin"))):
        if time.monotonic() > deadline:
            raise Trouble(
                "PostgreSQL or SeaweedFS does not let us in",
                "their data may be older than the secrets: restore the volume `secrets` that was made with it",
            )
        time.sleep(0.5)
    print("roles, databases and buckets are there")


DEEDS = {"secrets": make_secrets, "identities": make_identities}


def main() -> int:
    """Do one of them; 0 when it is done, 1 with what is wrong."""
    parser = argparse.ArgumentParser(prog="python -m deploy.containers", description=__doc__)
    parser.add_argument("deed", choices=DEEDS)
    parser.add_argument("--kept", type=Path, default=Path("/secrets/kept/secrets.json"), help="made if there is none")
    parser.add_argument("--folder", type=Path, default=Path("/secrets"), help="holds a folder for each container")
    options = parser.parse_args()
    try:
        DEEDS[options.deed](keep_secrets(options.kept), options.folder)
    except Trouble as trouble:
        print(trouble, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
