"""`/v1/endpoints`: a team's webhook addresses, their secrets, and the log of what was sent to them."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Request, Response

from services.gateway.actions import endpoints as deeds
from services.gateway.api.auth import Caller, DeskDep, Manager
from services.gateway.api.cursors import PageCursor, PageLimit, read_cursor, write_cursor
from services.gateway.api.endpoint_views import (
    DeliveryPage,
    EndpointChanges,
    EndpointDraft,
    EndpointSecretView,
    EndpointView,
    OwedEventsView,
    delivery_view,
    endpoint_view,
    secret_view,
)
from services.gateway.api.throttle import Registrations
from services.gateway.api.views import SUBMISSION
from services.gateway.desk import Desk
from services.gateway.store import deliveries, endpoints
from services.gateway.store.submissions import Cursor
from services.gateway.tables import EndpointRow
from services.gateway.threads import NAMES
from shared.errors import Conflict, Forbidden, Missing, Refused, TooLarge, Unauthenticated, Unreadable
from shared.messages import event_name
from shared.web import json_body, problems, read_json

router = APIRouter(prefix="/v1/endpoints", tags=["endpoints"])

Endpoint = Annotated[UUID, Path(description="the endpoint's id", examples=[SUBMISSION])]
Delivery = Annotated[UUID, Path(description="an attempt's id, from the log", examples=[SUBMISSION])]


def _counted_caller(request: Request, caller: Manager) -> Caller:
    """The caller, who has not registered too many lately."""
    registrations: Registrations = request.app.state.registrations
    registrations.take(caller.team)
    return caller


Registrar = Annotated[Caller, Depends(_counted_caller)]

_KEYED = problems(Unauthenticated, Forbidden)
_NAMED = problems(Unauthenticated, Forbidden, Missing)
_BUSY = _NAMED | problems(Conflict)


@router.post(
    "",
    operation_id="register_endpoint",
    summary="Register an address; shows its secret, once",
    status_code=201,
    response_model=EndpointSecretView,
    responses=_KEYED | problems(Refused, Conflict, TooLarge, Unreadable),
    openapi_extra=json_body(EndpointDraft),
)
async def register_endpoint(
    request: Request, response: Response, desk: DeskDep, caller: Registrar
) -> EndpointSecretView:
    """Each event of the team is sent there from now on, signed with the secret (Standard Webhooks)."""
    body = await read_json(request, EndpointDraft)
    draft = deeds.Draft(body.url, tuple(body.types) if body.types else None, body.description)
    row = await NAMES.run(deeds.register, desk, caller.team, draft)
    response.headers["Location"] = f"/v1/endpoints/{row.id}"
    return _shown_once(response, desk, row)


@router.get("", operation_id="list_endpoints", summary="My team's endpoints, oldest first", responses=_KEYED)
def list_endpoints(desk: DeskDep, caller: Manager) -> list[EndpointView]:
    """All of them (there are ten at most), without their secrets."""
    with desk.database.begin() as session:
        rows = endpoints.of_team(session, caller.team)
    return [endpoint_view(row, desk.clock()) for row in rows]


@router.get("/{endpoint}", operation_id="read_endpoint", summary="One endpoint", responses=_NAMED)
def read_endpoint(desk: DeskDep, caller: Manager, endpoint: Endpoint) -> EndpointView:
    """Without its secrets: whoever lost one rotates."""
    return endpoint_view(deeds.find(desk, caller.team, endpoint), desk.clock())


@router.patch(
    "/{endpoint}",
    operation_id="change_endpoint",
    summary="Change its address, events or description",
    response_model=EndpointView,
    responses=_NAMED | problems(Refused, TooLarge, Unreadable),
    openapi_extra=json_body(EndpointChanges),
)
async def change_endpoint(request: Request, desk: DeskDep, caller: Registrar, endpoint: Endpoint) -> EndpointView:
    """What is left out stays. What is owed already goes to the new address; the secret stays."""
    changes = (await read_json(request, EndpointChanges)).model_dump(exclude_unset=True)
    row = await NAMES.run(deeds.change, desk, caller.team, endpoint, changes)
    return endpoint_view(row, desk.clock())


@router.delete(
    "/{endpoint}", operation_id="remove_endpoint", summary="Remove it, with its log", status_code=204, responses=_NAMED
)
def remove_endpoint(desk: DeskDep, caller: Manager, endpoint: Endpoint) -> None:
    """Nothing more is sent to it, not even what was owed."""
    deeds.remove(desk, caller.team, endpoint)


@router.post(
    "/{endpoint}/rotate",
    operation_id="rotate_secret",
    summary="A new secret; shown once",
    responses=_NAMED | problems(Conflict),
)
def rotate_secret(response: Response, desk: DeskDep, caller: Manager, endpoint: Endpoint) -> EndpointSecretView:
    """For 24 hours every delivery carries the signatures of both; then the old one ends."""
    return _shown_once(response, desk, deeds.rotate(desk, caller.team, endpoint))


@router.post("/{endpoint}/disable", operation_id="disable_endpoint", summary="Send nothing more", responses=_NAMED)
def disable_endpoint(desk: DeskDep, caller: Manager, endpoint: Endpoint) -> EndpointView:
    """What is owed is given up; `redeliver-failed` brings it once the endpoint is enabled."""
    return endpoint_view(deeds.disable(desk, caller.team, endpoint), desk.clock())


@router.post("/{endpoint}/enable", operation_id="enable_endpoint", summary="Send again", responses=_NAMED)
def enable_endpoint(desk: DeskDep, caller: Manager, endpoint: Endpoint) -> EndpointView:
    """What happens from now on is sent."""
    return endpoint_view(deeds.enable(desk, caller.team, endpoint), desk.clock())


@router.post(
    "/{endpoint}/test",
    operation_id="test_endpoint",
    summary="Send an `endpoint.test` event now",
    status_code=202,
    responses=_BUSY,
)
def test_endpoint(desk: DeskDep, caller: Manager, endpoint: Endpoint) -> OwedEventsView:
    """Signed and retried like any other event; what became of it is in the log."""
    return OwedEventsView(events=1, event=event_name(deeds.send_test(desk, caller.team, endpoint)))


@router.get(
    "/{endpoint}/deliveries",
    operation_id="list_deliveries",
    summary="The log of attempts, new to old",
    responses=_NAMED | problems(Refused),
)
def list_deliveries(
    desk: DeskDep,
    caller: Manager,
    endpoint: Endpoint,
    limit: PageLimit = 20,
    cursor: PageCursor = None,
) -> DeliveryPage:
    """Each attempt with its answer, and when the next one is due. Kept for 90 days."""
    after = read_cursor(cursor)
    deeds.find(desk, caller.team, endpoint)
    with desk.database.begin() as session:
        rows = deliveries.log(session, endpoint, after, limit + 1)
        events = [row.event_id for row in rows]
        newest, owed = deliveries.newest(session, endpoint, events), deliveries.owed(session, endpoint, events)
    items = [
        delivery_view(row, owed.get(row.event_id) if row.attempt == newest[row.event_id] else None)
        for row in rows[:limit]
    ]
    last = rows[limit - 1] if len(rows) > limit else None
    return DeliveryPage(items=items, next=write_cursor(Cursor(last.at, last.id)) if last else None)


@router.post(
    "/{endpoint}/deliveries/{delivery}/redeliver",
    operation_id="redeliver",
    summary="Deliver this attempt's event once more, now",
    status_code=202,
    responses=_BUSY,
)
def redeliver(desk: DeskDep, caller: Manager, endpoint: Endpoint, delivery: Delivery) -> OwedEventsView:
    """Also one that was delivered. Under the same `webhook-id`, with all attempts before it; never two at a time."""
    return OwedEventsView(events=1, event=event_name(deeds.redeliver(desk, caller.team, endpoint, delivery)))


@router.post(
    "/{endpoint}/redeliver-failed",
    operation_id="redeliver_failed",
    summary="Deliver now what was given up",
    status_code=202,
    responses=_BUSY,
)
def redeliver_failed(desk: DeskDep, caller: Manager, endpoint: Endpoint) -> OwedEventsView:
    """What is still being retried goes on as it is. At most 60 a minute: ask again until none is left."""
    return OwedEventsView(events=deeds.redeliver_failed(desk, caller.team, endpoint), event=None)


def _shown_once(response: Response, desk: Desk, row: EndpointRow) -> EndpointSecretView:
    response.headers["Cache-Control"] = "no-store"
    return secret_view(row, desk.clock())
