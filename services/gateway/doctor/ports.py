"""Ports: who listens on the one that the gateway is to have."""

import httpx

from services.gateway.doctor.findings import Finding, ok, trouble, warning
from services.gateway.doctor.patient import Patient

NAME = "ports"
SECONDS = 5.0


def check_ports(patient: Patient) -> list[Finding]:
    """Nobody, another program, or a gateway that is ready or not."""
    url = patient.own_url()
    elsewhere = "start it, or run this where it runs (in containers: in `gateway`)"
    try:
        alive = httpx.get(f"{url}/healthz", timeout=SECONDS, trust_env=False)
        ready = httpx.get(f"{url}/readyz", timeout=SECONDS, trust_env=False)
    except httpx.ConnectError:
        return [warning(NAME, f"nobody listens at {url}: the gateway does not run here", elsewhere)]
    except httpx.HTTPError as error:
        return [trouble(NAME, f"whoever listens at {url} does not answer as a gateway: {type(error).__name__}", _OTHER)]
    if not _is_ours(alive):
        return [trouble(NAME, f"another program than the gateway listens at {url}", _OTHER)]
    if not ready.is_success:
        waits = ", ".join(name for name, state in ready.json().items() if not state)
        return [
            trouble(NAME, f"the gateway at {url} is not ready: {waits}", "mend that first; it is ready by itself then")
        ]
    return [ok(NAME, f"the gateway listens at {url} and is ready")]


_OTHER = "stop that program, or give the gateway another HOLDOUT_GATEWAY_PORT"


def _is_ours(answer: httpx.Response) -> bool:
    try:
        return answer.is_success and bool(answer.json()["status"] == "alive")
    except (ValueError, KeyError, TypeError):
        return False
