"""Give a place back: at once if quota answers, else by the outbox. Part of the caller's transaction."""

import logging
from datetime import timedelta
from typing import Literal
from uuid import UUID

from sqlalchemy.orm import Session

from services.gateway.desk import Desk
from services.gateway.store import outbox
from shared.errors import Conflict, Missing, Unavailable
from shared.messages import Settlement

log = logging.getLogger(__name__)

Fault = Literal["theirs", "ours"]
"""Who a returned place is put down to: theirs counts towards the rejected files of a day, ours never does."""


LATE = timedelta(minutes=10)
"""A reservation that we gave up waiting for may still reach the ledger so much later: it, or the line, stood still."""


def return_place(desk: Desk, session: Session, submission: UUID, fault: Fault) -> None:
    """Return the submission's place before the caller's change is seen.

    Whoever reads `rejected` finds the place free again; when quota is away, or has not heard of the place yet, the
    courier owes it the settlement.
    """
    settlement = Settlement(to="returned", fault=fault)
    try:
        desk.allowance.settle(submission, settlement)
    except (Unavailable, Missing):
        now = desk.clock()
        owed = {
            "submission": str(submission),
            "settlement": settlement.model_dump(mode="json"),
            "until": (now + LATE).isoformat(),
        }
        outbox.owe(session, "settle", owed, now)
    except Conflict as error:
        log.info("no place of %s is left to return: %s", submission, error)
