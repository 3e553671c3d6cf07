"""What must not be possible among the containers, tried."""

from typing import Any

from deploy.demo.telling import Teller
from deploy.rehearsal.compose import Compose

OUR_SERVICES = ("gateway", "courier", "quota", "scorer")
SERVERS = ("postgres", "valkey", "seaweedfs")

REACHES = """
import socket
def reaches(host, port):
    try:
        socket.create_connection((host, port), 3).close()
    except OSError:
        return False
    return True
print(*[reaches(host, port) for host, port in {places}])
"""

READS_THE_TRUTH = """
from services.gateway.settings import GatewaySettings
from shared import keys
from shared.errors import Broken
from shared.storage import Storage
try:
    storage = Storage(GatewaySettings.from_environment().storage_address())
    print(len(storage.read(keys.GROUND_TRUTH, keys.truth_key("{digest}"), 2**30)))
except Broken as error:
    print(error.code)
"""


def try_the_walls(tell: Teller, compose: Compose) -> None:
    """Rights, ports, networks and secrets, as the engine says and as the containers find them."""
    containers = compose.containers()
    _have_no_rights(tell, compose, containers)
    published = {_service(container) for container in containers if _published(container)}
    tell.check(published == {"gateway"}, "only the gateway's port is published")
    _keep_apart(tell, compose, containers)
    _see_their_own_secrets(tell, compose)


def the_truth_is_shut(tell: Teller, compose: Compose, digest: str) -> None:
    """The gateway's own S3 key does not open the ground truth."""
    answer = compose.inside("gateway", READS_THE_TRUTH.format(digest=digest))
    tell.check(answer == "storage-denied", "the gateway's own S3 key is refused the truth (403)")


def _have_no_rights(tell: Teller, compose: Compose, containers: list[dict[str, Any]]) -> None:
    loose = {_service(container) for container in containers if not _confined(container["HostConfig"])}
    strong = {service for service in (*SERVERS, *OUR_SERVICES) if not _harmless(compose, service)}
    tell.check(not loose | strong, "every container: not root, no capability, read-only, memory and processes bounded")


def _confined(host: dict[str, Any]) -> bool:
    return bool(host["ReadonlyRootfs"] and host["Memory"] and host["PidsLimit"] and host["Init"])


def _harmless(compose: Compose, service: str) -> bool:
    lines = compose("exec", "-T", service, "cat", "/proc/1/status").splitlines()
    status = dict(line.split(":\t", 1) for line in lines if ":\t" in line)
    return int(status["CapEff"], 16) == 0 and status["Uid"].split()[0] != "0" and status["NoNewPrivs"] == "1"


def _keep_apart(tell: Teller, compose: Compose, containers: list[dict[str, Any]]) -> None:
    address = _address(next(container for container in containers if _service(container) == "postgres"), "database")
    answer = _reaches(compose, "scorer", ("valkey", 6379), ("postgres", 5432), (address, 5432), ("quota", 8002))
    tell.check(answer == [True, False, False, False], "the scorer has no database to reach, by name or by address")
    answer = _reaches(compose, "gateway", ("seaweedfs", 8333), ("seaweedfs", 8888), ("seaweedfs", 18888))
    tell.check(answer == [True, False, False], "of SeaweedFS the gateway reaches S3 and nothing inner")
    answer = _reaches(compose, "gateway", ("quota", 8002), ("valkey", 6379))
    tell.check(answer == [True, False], "the gateway that answers HTTP never reaches the queue")


def _see_their_own_secrets(tell: Teller, compose: Compose) -> None:
    seen = {
        service: set(compose("exec", "-T", service, "ls", "/run/holdout").split())
        for service in (*OUR_SERVICES, "postgres")
    }
    foreign = {"HOLDOUT_QUOTA_DATABASE_URL", "HOLDOUT_PUBLISH_S3_SECRET_KEY", "HOLDOUT_SCORER_S3_SECRET_KEY"}
    tell.check(
        not foreign & (seen["gateway"] | seen["courier"])
        and not any("DATABASE" in name for name in seen["scorer"])
        and seen["postgres"] == {"password"},
        "each container sees its own secrets and no other's",
    )


def _reaches(compose: Compose, service: str, *places: tuple[str, int]) -> list[bool]:
    return [word == "True" for word in compose.inside(service, REACHES.format(places=places)).split()]


def _service(container: dict[str, Any]) -> str:
    return str(container["Config"]["Labels"]["com.docker.compose.service"])


def _published(container: dict[str, Any]) -> bool:
    return any(container["NetworkSettings"]["Ports"].values())


def _address(container: dict[str, Any], network: str) -> str:
    networks = container["NetworkSettings"]["Networks"]
    return str(next(content["IPAddress"] for name, content in networks.items() if name.endswith(f"_{network}")))
