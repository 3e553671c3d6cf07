"""Outbox → quota: a settlement that could not be made on the spot."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from services.gateway.desk import Desk
from services.gateway.store.outbox import Kind
from shared.errors import Conflict, Missing
from shared.messages import Settlement


class Settler:
    """Tells quota until it has heard; for ever, because a place is owed."""

    kind: Kind = "settle"
    schedule: Sequence[float] = (0.5, 1, 2, 5, 10)
    ends = False
    lease = timedelta(seconds=10)

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def act(self, payload: dict[str, Any]) -> None:
        """Settle; one that was settled otherwise meanwhile stays so."""
        settlement = Settlement.model_validate(payload["settlement"])
        try:
            await asyncio.to_thread(self._desk.allowance.settle, UUID(payload["submission"]), settlement)
        except (Conflict, Missing):
            return
