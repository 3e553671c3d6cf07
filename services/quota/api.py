"""The HTTP face of the ledger, for the gateway only: a token opens everything but health."""

import hmac
from collections.abc import Awaitable, Callable
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response

from services.quota.ledger import Ledger
from services.quota.window import Terms
from shared.challenge import Name
from shared.errors import Conflict, Missing, TooLarge, TooMany, Unauthenticated, Unavailable, Unreadable
from shared.messages import Reservation, ReservationRequest, Settlement, Standing, Statement
from shared.web import json_body, problems, read_json

Places = Annotated[int, Query(ge=1, le=100_000)]
Window = Annotated[int, Query(ge=1, le=366 * 24 * 3600)]

HELD_ALREADY: dict[int | str, dict[str, Any]] = {200: {"model": Reservation, "description": "It has a place already"}}


def door(token: str) -> Callable[[Request], Awaitable[None]]:
    """A dependency that lets nobody in without `Authorization: Bearer <token>`; compares in constant time."""
    expected = f"Bearer {token}".encode()

    async def check(request: Request) -> None:
        given = request.headers.get("authorization", "").encode("latin-1")
        if not hmac.compare_digest(given, expected):
            raise Unauthenticated(
                "token-wrong", "this token does not open the ledger", "send the quota service's token"
            )

    return check


async def reservation_request(request: Request) -> ReservationRequest:
    """The body, read strictly; asynchronous, for bodies arrive in pieces."""
    return await read_json(request, ReservationRequest)


async def settlement(request: Request) -> Settlement:
    """The body, read strictly."""
    return await read_json(request, Settlement)


def routes(ledger: Ledger, token: str) -> APIRouter:
    """All routes of version 1."""
    router = APIRouter(
        prefix="/v1",
        tags=["ledger"],
        dependencies=[Depends(door(token))],
        responses=problems(Unauthenticated, Unreadable, Unavailable),
    )

    @router.post(
        "/reservations",
        status_code=201,
        operation_id="reserve",
        summary="Hold a place for a submission, before its upload",
        responses=problems(Conflict, TooLarge, TooMany) | HELD_ALREADY,
        openapi_extra=json_body(ReservationRequest),
    )
    def reserve(
        request: Annotated[ReservationRequest, Depends(reservation_request)], response: Response
    ) -> Reservation:
        reservation, made = ledger.reserve(request)
        response.status_code = 201 if made else 200
        return reservation

    @router.post(
        "/reservations/{submission}/settle",
        operation_id="settle",
        summary="Say what became of a place: spent, or returned and by whose fault",
        responses=problems(Missing, Conflict, TooLarge),
        openapi_extra=json_body(Settlement),
    )
    def settle(submission: UUID, told: Annotated[Settlement, Depends(settlement)]) -> Reservation:
        return ledger.settle(submission, told)

    @router.get("/standing", operation_id="standing", summary="How a team stands in a pool, right now")
    def standing(team: UUID, pool: Name, places: Places, window_seconds: Window) -> Standing:
        return ledger.standing(team, pool, Terms(places, window_seconds, None))

    @router.get("/statement", operation_id="statement", summary="The same, with what was given back and is forgiven")
    def statement(
        team: UUID,
        pool: Name,
        places: Places,
        window_seconds: Window,
        forgiven_per_day: Annotated[int | None, Query(ge=1, le=1000)] = None,
    ) -> Statement:
        return ledger.statement(team, pool, Terms(places, window_seconds, forgiven_per_day))

    return router
