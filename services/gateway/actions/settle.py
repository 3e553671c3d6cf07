"""Give a place back: at once if quota answers, else by the outbox. Part of the caller's transaction."""

import logging
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


def return_place(desk: Desk, session: Session, submission: UUID, fault: Fault) -> None:
    """Return the submission's place before the caller's change is seen.

    Whoever reads `rejected` finds the place free again; when quota is away, the courier owes it the settlement.
    """
    settlement = Settlement(to="returned", fault=fault)
    try:
        desk.allowance.settle(submission, settlement)
    except Unavailable:
        outbox.owe(
            session,
            "settle",
            {"submission": str(submission), "settlement": settlement.model_dump(mode="json")},
            desk.clock(),
        )
    except (Conflict, Missing) as error:
        log.info("no place of %s is left to return: %s", submission, error)
