"""Where everything is among the containers of docker-compose.yml: each service under its own name, on its usual port."""

from deploy.stack.addresses import Addresses
from deploy.stack.secrets import Secrets

PORTS = {"gateway": 8080, "quota": 8002, "postgres": 5432, "valkey": 6379, "s3": 8333}

HOSTS = {"gateway": "gateway", "quota": "quota", "postgres": "postgres", "valkey": "valkey", "s3": "seaweedfs"}

EVERYWHERE = "0.0.0.0"  # noqa: S104  (inside a container: who can reach it is decided by its networks)


def among_containers(secrets: Secrets) -> Addresses:
    """The addresses that containers know one another by."""
    return Addresses(PORTS, secrets, HOSTS, EVERYWHERE)
