"""Outbox → quota: a settlement that could not be made on the spot."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from services.gateway.courier.drain import Later
from services.gateway.desk import Desk
from services.gateway.store.outbox import Kind
from services.gateway.threads import LEDGER
from shared.errors import Conflict, Missing
from shared.messages import Settlement

UNKNOWN = "the ledger has not heard of this place"
UNKNOWN_PAUSE_SECONDS = 60.0
"""Until it is asked once more: a request that is so late is rare, and there may be many that never came."""


class Settler:
    """Tells quota until it has heard; for ever, because a place is owed."""

    kind: Kind = "settle"
    schedule: Sequence[float] = (0.5, 1, 2, 5, 10)
    ends = False
    lease = timedelta(seconds=10)

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def act(self, payload: dict[str, Any]) -> None:
        """Settle; one that was settled otherwise meanwhile stays so. A place that is unknown may yet be reserved, for some
        time: a request of ours may be on its way to the ledger still, after we gave it up.
        """
        settlement = Settlement.model_validate(payload["settlement"])
        try:
            await LEDGER.run(self._desk.allowance.settle, UUID(payload["submission"]), settlement)
        except Conflict:
            return
        except Missing as error:
            if "until" in payload and self._desk.clock() < datetime.fromisoformat(payload["until"]):
                raise Later(UNKNOWN, UNKNOWN_PAUSE_SECONDS) from error
