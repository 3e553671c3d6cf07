"""What an attempt at an endpoint says of the endpoint: it works, it fails, it is gone. Called by the courier after each.

One that is gone, or fails for too long, is disabled in the same transaction in which its team is told: by an event in
the feed and to its other endpoints, and by mail. What it was owed is kept, and can be delivered anew.
"""

import logging
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from services.gateway import mails
from services.gateway.actions.mail import write_to_team
from services.gateway.desk import Desk
from services.gateway.patience import Patience
from services.gateway.store import endpoints, events
from services.gateway.store.endpoints import Because
from services.gateway.tables import EndpointRow
from shared.messages import DISABLED_EVENT

log = logging.getLogger(__name__)

REASONS: dict[Because, str] = {"gone": "it answered 410", "failing": "every attempt has failed for too long"}


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt as it ended: begun at `at`; `error` is None when it was delivered, `gone` when the answer was 410."""

    at: datetime
    error: str | None
    gone: bool


def note(desk: Desk, session: Session, row: EndpointRow, attempt: Attempt, patience: Patience) -> bool:
    """Take notice of an attempt at this endpoint, which is held; whether nothing more is to be sent to it."""
    if row.disabled_at is not None:
        return attempt.error is not None
    if attempt.error is None:
        endpoints.begin_anew(row)
        return False
    row.failures += 1
    row.failing_since = row.failing_since or attempt.at
    verdict = patience.verdict(attempt.at - row.failing_since, row.failures)
    if attempt.gone:
        _disable(desk, session, row, attempt.error, "gone")
    elif verdict == "disable":
        _disable(desk, session, row, attempt.error, "failing")
    elif verdict == "warn" and row.warned_at is None:
        row.warned_at = desk.clock()
        disable_at = row.failing_since + patience.disable_after
        write_to_team(
            desk, session, row.team_id, mails.failing(row, attempt.error, disable_at, desk.settings.public_url)
        )
    return row.disabled_at is not None


def _disable(desk: Desk, session: Session, row: EndpointRow, error: str, because: Because) -> None:
    now = desk.clock()
    log.warning("endpoint %s is disabled: %s", row.id, REASONS[because])
    endpoints.disable(session, row, now, because, error)
    data = {
        "endpoint": str(row.id),
        "url": row.url,
        "description": row.description,
        "disabled_at": now.isoformat(),
        "disabled_because": because,
        "failing_since": row.failing_since.isoformat() if row.failing_since else None,
        "failures": row.failures,
        "last_error": error,
    }
    events.tell_team(session, row.team_id, DISABLED_EVENT, data, now)
    write_to_team(desk, session, row.team_id, mails.disabled(row, error, REASONS[because], desk.settings.public_url))
