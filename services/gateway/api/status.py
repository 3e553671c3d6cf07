"""`/v1/status` (also `/status.json`): how the whole is, open to all. `/metrics`: the same figures for Prometheus."""

import hmac
from ipaddress import ip_address, ip_network

from fastapi import APIRouter, Request, Response
from fastapi.responses import PlainTextResponse

from services.gateway.api.auth import DeskDep
from services.gateway.api.metrics import exposition
from services.gateway.api.status_views import StatusView, status_view
from services.gateway.status.look import KEPT_SECONDS, Lookout
from services.gateway.status.state import Status
from shared.errors import Forbidden

router = APIRouter(tags=["health"])

INSIDE = tuple(map(ip_network, ("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "::1/128", "fc00::/7")))
"""Private networks proper: not all that Python calls private, which are the documentation's networks too."""

PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8"


def seen(request: Request) -> Status:
    """How the whole is, a few seconds old at most."""
    lookout: Lookout = request.app.state.lookout
    return lookout.status()


@router.get("/v1/status", operation_id="read_status", summary="How the server is: parts, times, queue, last rehearsal")
def read_status(request: Request, response: Response) -> StatusView:
    """What works, how long a score takes today, what waits, when a restore was last rehearsed. The same as `/status`."""
    response.headers["Cache-Control"] = f"public, max-age={KEPT_SECONDS:.0f}"
    return status_view(seen(request))


router.add_api_route("/status.json", read_status, include_in_schema=False)


@router.get("/metrics", include_in_schema=False)
def metrics(request: Request, desk: DeskDep) -> Response:
    """For Prometheus: with the token where one is set, else for those in private networks."""
    token = desk.settings.metrics_token
    if token is not None:
        given = request.headers.get("authorization", "").encode("latin-1")
        if not hmac.compare_digest(given, f"Bearer {token.get_secret_value()}".encode()):
            raise Forbidden("metrics-closed", "this needs the token of the metrics", "send `Authorization: Bearer …`")
    elif not _is_from_inside(request):
        raise Forbidden(
            "metrics-closed",
            "metrics are open to private networks only",
            "set HOLDOUT_GATEWAY_METRICS_TOKEN to read them from elsewhere; /v1/status is open to all",
        )
    return PlainTextResponse(exposition(seen(request)), media_type=PROMETHEUS)


def _is_from_inside(request: Request) -> bool:
    """Whether the caller, and everybody it says that it speaks for, is in a private network.

    A proxy that we were not told to trust has a private address too, and says on whose behalf it asks.
    """
    told = request.headers.get("x-forwarded-for", "")
    addresses = [request.client.host if request.client else "", *(told.split(",") if told else ())]
    return "forwarded" not in request.headers and all(_is_private(address.strip()) for address in addresses)


def _is_private(address: str) -> bool:
    try:
        asked = ip_address(address)
    except ValueError:
        return False
    return any(asked in network for network in INSIDE)
