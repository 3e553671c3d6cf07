"""Outbox → a team's endpoint: one signed delivery per attempt (Standard Webhooks), each written to the log."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic
from typing import Any
from uuid import UUID, uuid4

import httpcore

from services.gateway import rotation
from services.gateway.actions.failing import Attempt, note
from services.gateway.courier.drain import Later, Never
from services.gateway.courier.letters import Letter, find_letter
from services.gateway.courier.retrying import retry_after_seconds
from services.gateway.desk import Desk
from services.gateway.patience import Patience
from services.gateway.store import deliveries, endpoints
from services.gateway.store.outbox import Kind
from services.gateway.tables import DeliveryRow
from shared.errors import Refused
from shared.messages import event_name
from shared.signing import sign

ATTEMPT_SECONDS = 20
"""The whole attempt: resolve, connect, send, answer. Time limits of the HTTP library count per operation only."""
ANSWER_BYTES = 64 * 1024
KEPT_ANSWER_BYTES = 2048
"""How much of an answer the log shows: a framework's error page names its trouble in its first lines."""
MINUTE, HOUR = 60, 3600
GONE = 410
NOT_KNOWN = "no answer is known: the attempt is under way, or its courier was cut off"


@dataclass(frozen=True, slots=True)
class Answer:
    """What an endpoint said; `error` is None when it took the event, `status` when there was no answer."""

    status: int | None
    error: str | None
    beginning: bytes = b""
    retry_after_seconds: float = 0.0


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
        self,
        desk: Desk,
        pool: httpcore.AsyncConnectionPool,
        attempt_seconds: float = ATTEMPT_SECONDS,
        patience: Patience = Patience(),  # noqa: B008 - frozen
    ) -> None:
        self._desk = desk
        self._pool = pool
        self._attempt_seconds = attempt_seconds
        self._patience = patience

    async def act(self, payload: dict[str, Any]) -> None:
        """Deliver; raise `Later` unless the endpoint answers 2xx, `Never` where that has it disabled."""
        attempt, at = uuid4(), self._desk.clock()
        letter = await asyncio.to_thread(self._begin, payload, attempt, at)
        if letter is None:
            return
        if letter.endpoint.disabled_at is not None:
            raise Never("the endpoint is disabled")
        began = monotonic()
        answer = await self._send(letter, at)
        over = await asyncio.to_thread(self._record, letter, attempt, answer, at, monotonic() - began)
        if over:
            raise Never(str(answer.error))
        if answer.error is not None:
            raise Later(answer.error, answer.retry_after_seconds)

    async def _send(self, letter: Letter, at: datetime) -> Answer:
        secrets = rotation.signing(letter.endpoint.secrets, letter.endpoint.secret_ends, at)
        headers: dict[bytes | str, bytes | str] = {"content-type": "application/json", "user-agent": "holdout/1"}
        headers.update(sign(secrets.keys, event_name(letter.event), at, letter.body))
        try:
            async with (
                asyncio.timeout(self._attempt_seconds),
                self._pool.stream("POST", letter.endpoint.url, headers=headers, content=letter.body) as answer,
            ):
                error = None if 200 <= answer.status < 300 else f"the endpoint answered {answer.status}"
                return Answer(answer.status, error, await _beginning(answer), _retry_after(answer, self._desk.clock()))
        except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException, OSError, Refused) as broken:
            return Answer(None, f"{type(broken).__name__}: {broken}")

    def _begin(self, payload: dict[str, Any], attempt: UUID, at: datetime) -> Letter | None:
        """What is to be sent. It is in the log before it is sent, so that a courier that is killed loses no attempt."""
        with self._desk.database.begin() as session:
            letter = find_letter(session, payload)
            if letter is None or letter.endpoint.disabled_at is not None:
                return letter
            endpoint = letter.endpoint
            if endpoints.owned(session, endpoint.team_id, endpoint.id, hold=True) is None:
                return None
            row = DeliveryRow(
                id=attempt,
                endpoint_id=endpoint.id,
                event_id=letter.event,
                type=letter.content.type,
                at=at,
                duration_seconds=0,
                error=NOT_KNOWN,
                answer="",
            )
            deliveries.record(session, row)
        return letter

    def _record(self, letter: Letter, attempt: UUID, answer: Answer, at: datetime, duration_seconds: float) -> bool:
        """Into the log, if the endpoint is still there; whether it is to get nothing more."""
        endpoint = letter.endpoint
        with self._desk.database.begin() as session:
            held = endpoints.owned(session, endpoint.team_id, endpoint.id, hold=True)
            if held is None:
                return False
            deliveries.complete(
                session,
                attempt,
                duration_seconds=duration_seconds,
                status=answer.status,
                error=_storable(answer.error),
                answer=_storable(answer.beginning.decode(errors="replace")),
            )
            tried = Attempt(at, answer.error, gone=answer.status == GONE)
            return note(self._desk, session, held, tried, self._patience)


async def _beginning(answer: httpcore.Response) -> bytes:
    """Read the answer up to 64 KiB, a polite end to the exchange but no endless drip; keep its first 2 KiB."""
    kept, seen = b"", 0
    async for chunk in answer.aiter_stream():
        kept += chunk[: KEPT_ANSWER_BYTES - len(kept)]
        seen += len(chunk)
        if seen > ANSWER_BYTES:
            break
    return kept


def _storable(text: str | None) -> Any:
    """PostgreSQL's text has no NUL."""
    return None if text is None else text.replace("\0", "\ufffd")


def _retry_after(answer: httpcore.Response, now: datetime) -> float:
    value = {name.lower(): content for name, content in answer.headers}.get(b"retry-after", b"")
    return retry_after_seconds(value, now)
