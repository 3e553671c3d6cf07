"""Check a file without submitting it: a dry run. No submission, no place, no score; nothing is kept.

    row (counts) ─▶ bytes to S3 ─▶ row sealed + outbox ─▶ a scorer is heard ─▶ bytes deleted, what was found answered

Whoever dies on the way leaves a row with a deadline, which a sweep clears. A dry run counts towards the team's limit
once it is begun, whatever the file is; one that we do not bring to its end does not.
"""

import asyncio
import logging
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID, uuid4

from starlette.concurrency import run_in_threadpool

from services.gateway.actions.admit import refuse_unstorable
from services.gateway.actions.receive import LEASE, receive, refuse_announced
from services.gateway.desk import Desk
from services.gateway.digestfields import check_digest
from services.gateway.intake import Incoming, Sealed
from services.gateway.store import checks, outbox
from services.gateway.store.challenges import Venue
from services.gateway.store.teams import hold_team
from services.gateway.tables import CheckRow
from shared import keys
from shared.challenge import Numbering
from shared.clock import seconds_until
from shared.database import notify
from shared.digests import canonical_json
from shared.errors import Broken, Conflict, HoldoutError, TooMany, Waiting
from shared.messages import CheckNotice
from shared.report import Check, Failure

log = logging.getLogger(__name__)

CHECKS_CHANNEL = "checks"

WINDOW = timedelta(hours=1)
"""What `checks_per_hour` is counted over: any hour, not that of the clock."""

CLEARING = timedelta(seconds=60)
"""The gateway that waits clears up by itself; a sweep does it this much after nobody can be waiting any more."""

OFFLINE = "check it on your own machine: `python -m services.scorer check TASK FILE`"


@dataclass(frozen=True, slots=True)
class Begun:
    """A dry run that a scorer is asked for, how many the team has left, and when the next comes back."""

    check: UUID
    remaining: int
    reset_seconds: int


async def begin_check(
    desk: Desk,
    team: UUID,
    venue: Venue,
    labels: Numbering,
    file: Incoming,
) -> Begun:
    """Take `file` as a file to be checked for `venue`, which need not be open, and have that owed to the queue.

    Raises `TooMany` (over the hourly limit), `Conflict` (no dry runs here), `TooLarge`, `Refused` and `Unavailable` as
    submitting does; nothing is left of it then.
    """
    refuse_announced(file.announced_bytes, venue.task.max_bytes)
    await refuse_unstorable(desk)
    check = uuid4()
    key = keys.check_key(team, check)
    begun = await run_in_threadpool(_open, desk, check, key, team, venue, labels)

    try:
        sealed = await receive(
            desk, key, venue.task.max_bytes, file.content, lambda session, until: checks.renew(session, check, until)
        )
        check_digest(file.digest, sealed.digest, sealed.received_digest)
        await run_in_threadpool(_seal, desk, check, sealed)
    except BaseException as error:
        ours = isinstance(error, Broken | asyncio.CancelledError)
        await asyncio.shield(run_in_threadpool(end_check, desk, check, not ours))
        raise
    return begun


def outcome_of(desk: Desk, check: UUID) -> Check | Failure | None:
    """What a scorer found, or why it could not; None until one was heard."""
    with desk.database.begin() as session:
        row = session.get(CheckRow, check)
    if row is not None and row.found is not None:
        # Through JSON, where strict types still take a list for a tuple.
        return Check.model_validate_json(canonical_json(row.found))
    return Failure.model_validate(row.failure) if row is not None and row.failure is not None else None


def apply_check(desk: Desk, notice: CheckNotice) -> bool:
    """Hand what a scorer found to whoever waits for it; True when somebody may."""
    content = notice.model_dump(mode="json", include={"found", "failure", "scorer"})
    with desk.database.begin() as session:
        finished = checks.finish(session, notice.check, content, desk.clock())
        if finished:
            notify(session, CHECKS_CHANNEL, str(notice.check))
    return finished


def end_check(desk: Desk, check: UUID, counts: bool) -> None:
    """Leave nothing of a dry run, in S3 nor of what was found; its row stays for the hour in which it `counts`.

    A storage or database that is away does not matter: a sweep comes by after the deadline.
    """
    try:
        clear_check(desk, check, counts)
    except HoldoutError as error:
        log.warning("check %s is left to a sweep: %s", check, error)


def clear_check(desk: Desk, check: UUID, counts: bool) -> None:
    """The same, raising what went wrong."""
    with desk.database.begin() as session:
        row = session.get(CheckRow, check)
    if row is None:
        return
    if row.digest is None:
        desk.storage.abort_uploads(keys.SUBMISSIONS, row.object_key)
    desk.storage.delete(keys.SUBMISSIONS, row.object_key)
    with desk.database.begin() as session:
        if counts:
            checks.clear(session, check, desk.clock())
        else:
            checks.forget(session, check)


def _open(desk: Desk, check: UUID, key: str, team: UUID, venue: Venue, labels: Numbering) -> Begun:
    with desk.database.begin() as session:
        hold_team(session, team)
        now = desk.clock()
        limit = desk.settings.checks_per_hour
        earlier = checks.recent(session, team, now - WINDOW, limit)
        oldest = earlier[-1] if earlier else now
        reset_seconds = seconds_until(oldest + WINDOW, now)
        if len(earlier) >= limit:
            raise _refusal(limit, reset_seconds)
        session.add(
            CheckRow(
                id=check,
                team_id=team,
                challenge=venue.published.challenge.name,
                task=venue.task_name,
                split=venue.split_name,
                labels=labels,
                definition=venue.published.digest,
                object_key=key,
                created_at=now,
                deadline_at=now + LEASE,
            )
        )
    return Begun(check, limit - len(earlier) - 1, reset_seconds)


def _refusal(limit: int, reset_seconds: int) -> Conflict | TooMany:
    if limit == 0:
        return Conflict("checks-off", "this server offers no dry runs", OFFLINE)
    return TooMany(
        "too-many-checks",
        f"all {limit} dry runs of an hour are used",
        f"come back in {reset_seconds} seconds, or {OFFLINE}",
        Waiting(reset_seconds, places=limit, window_seconds=int(WINDOW.total_seconds())),
    )


def _seal(desk: Desk, check: UUID, sealed: Sealed) -> None:
    now = desk.clock()
    deadline = now + timedelta(seconds=desk.settings.check_seconds) + CLEARING
    with desk.database.begin() as session:
        if not checks.seal(session, check, sealed, deadline):
            raise Conflict("upload-expired", "the upload was given up: it took too long", "send the file again")
        outbox.owe(session, "check", {"check": str(check)}, now)
