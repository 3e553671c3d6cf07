"""Outbox → a team's endpoint: one signed delivery per attempt (Standard Webhooks)."""

import asyncio
import logging
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpcore

from services.gateway.courier.drain import Later
from services.gateway.desk import Desk
from services.gateway.store import outbox, teams
from services.gateway.store.outbox import Kind
from services.gateway.tables import EndpointRow, EventRow
from shared.errors import Refused
from shared.messages import Event
from shared.signing import sign

log = logging.getLogger(__name__)

ATTEMPT_SECONDS = 20
"""The whole attempt: resolve, connect, send, answer. Time limits of the HTTP library count per operation only."""
ANSWER_BYTES = 64 * 1024
MINUTE, HOUR = 60, 3600


class Deliverer:
    """15 attempts over a little more than 7 days: retries after 5 s, 1 min … 49 h."""

    kind: Kind = "deliver"
    schedule: Sequence[float] = (
        5, MINUTE, 5 * MINUTE, 15 * MINUTE, 30 * MINUTE, HOUR, 2 * HOUR, 4 * HOUR, 8 * HOUR, 16 * HOUR,
        24 * HOUR, 24 * HOUR, 40 * HOUR, 49 * HOUR,
    )  # fmt: skip
    ends = True
    lease = timedelta(seconds=3 * ATTEMPT_SECONDS)

    def __init__(
        self, desk: Desk, pool: httpcore.AsyncConnectionPool, attempt_seconds: float = ATTEMPT_SECONDS
    ) -> None:
        self._desk = desk
        self._pool = pool
        self._attempt_seconds = attempt_seconds

    async def act(self, payload: dict[str, Any]) -> None:
        """Deliver; raise `Later` unless the endpoint answers 2xx. 410 disables the endpoint."""
        found = await asyncio.to_thread(self._find, UUID(payload["event"]), UUID(payload["endpoint"]))
        if found is None:
            return
        event, endpoint = found
        status, retry_after = await self._send(event, endpoint)
        if status == 410:
            await asyncio.to_thread(self._disable, endpoint)
        elif not 200 <= status < 300:
            raise Later(f"the endpoint answered {status}", retry_after)

    async def _send(self, event: EventRow, endpoint: EndpointRow) -> tuple[int, float]:
        told = Event.model_validate({"type": event.type, "timestamp": event.at, "data": event.data})
        body = told.model_dump_json().encode()
        signature = sign(endpoint.secrets, f"msg_{event.id.hex}", self._desk.clock(), body)
        headers: dict[bytes | str, bytes | str] = {"content-type": "application/json", "user-agent": "holdout/1"}
        headers.update(signature)
        try:
            async with (
                asyncio.timeout(self._attempt_seconds),
                self._pool.stream("POST", endpoint.url, headers=headers, content=body) as answer,
            ):
                await _read_bounded(answer)
                return answer.status, _retry_after(answer)
        except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException, OSError, Refused) as error:
            raise Later(f"{type(error).__name__}: {error}") from error

    def _find(self, event: UUID, endpoint: UUID) -> tuple[EventRow, EndpointRow] | None:
        with self._desk.database.begin() as session:
            return outbox.delivery(session, event, endpoint)

    def _disable(self, endpoint: EndpointRow) -> None:
        log.warning("endpoint %s answered 410 Gone and is disabled", endpoint.id)
        with self._desk.database.begin() as session:
            teams.disable_endpoint(session, endpoint.id, self._desk.clock())


async def _read_bounded(answer: httpcore.Response) -> None:
    """Read the answer up to 64 KiB: a polite end to the exchange, but no endless drip."""
    seen = 0
    async for chunk in answer.aiter_stream():
        seen += len(chunk)
        if seen > ANSWER_BYTES:
            return


def _retry_after(answer: httpcore.Response) -> float:
    value = {name.lower(): content for name, content in answer.headers}.get(b"retry-after", b"")
    # A day at most: an endpoint may slow us down, not put an event off for ever.
    return min(float(value), 24 * HOUR) if value.isdigit() else 0.0
