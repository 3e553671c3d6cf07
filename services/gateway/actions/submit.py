"""Submit a file: reserve a place, stream the bytes to S3, spend the place, seal, queue.

    row `open` ─▶ reserve ─▶ bytes to S3 ─▶ spend ─▶ row `sealed` + evaluation + outbox, in one transaction

The row comes first, so that whatever breaks on the way finds it: it is abandoned and the place given back, by this
process, or by a sweep when this process dies.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from uuid import UUID, uuid4

from starlette.concurrency import run_in_threadpool

from services.gateway.actions.evaluate import queue_evaluation
from services.gateway.actions.receive import LEASE, receive, refuse_announced
from services.gateway.actions.settle import Fault, return_place
from services.gateway.desk import Desk
from services.gateway.intake import Sealed
from services.gateway.store import challenges, submissions
from services.gateway.store.challenges import Venue
from services.gateway.tables import SubmissionRow
from shared import keys
from shared.challenge import Numbering
from shared.errors import Conflict, Refused, TooMany
from shared.messages import Reservation, Settlement

HOLD_MARGIN_SECONDS = 600
"""A place is held this much longer than an upload may take, so that the ledger never forgets a living upload."""


@dataclass(frozen=True, slots=True)
class Metadata:
    """What a team says of its submission. `publish` puts it on the board once it is scored."""

    method: str
    description: str
    track: str
    publish: bool
    labels: Numbering = "ilsvrc"


@dataclass(frozen=True, slots=True)
class Accepted:
    """A sealed submission, and what the team has left."""

    submission: UUID
    reservation: Reservation


async def submit(
    desk: Desk, team: UUID, venue: Venue, metadata: Metadata, body: AsyncIterator[bytes], announced_bytes: int | None
) -> Accepted:
    """Take `body` as the team's submission to `venue`.

    Raises `Conflict` (the split takes none), `TooMany` (no place), `TooLarge`, `Refused` (broken gzip, too slow),
    `Unavailable` (something of ours is down): in every case nothing is spent.
    """
    _refuse_closed(venue)
    refuse_announced(announced_bytes, venue.task.max_bytes)
    submission = uuid4()
    await run_in_threadpool(_open, desk, submission, team, venue, metadata)
    try:
        await run_in_threadpool(_reserve, desk, submission, team, venue)
        key = keys.submission_key(team, submission)
        sealed = await receive(
            desk, key, venue.task.max_bytes, body, lambda session, until: submissions.renew(session, submission, until)
        )
        spent = await run_in_threadpool(desk.allowance.settle, submission, Settlement(to="spent"))
        await run_in_threadpool(_seal, desk, submission, venue, sealed)
    except TooMany:
        await run_in_threadpool(_forget, desk, submission)
        raise
    except BaseException as error:
        # Also a cut connection or a shutdown: what was begun is undone before the error goes on.
        fault: Fault = "theirs" if isinstance(error, Refused) else "ours"
        await asyncio.shield(run_in_threadpool(abandon, desk, submission, fault))
        raise
    return Accepted(submission, spent)


def abandon(desk: Desk, submission: UUID, fault: Fault = "ours") -> None:
    """Undo an open submission: its bytes go, its place comes back. Does nothing to one that is sealed.

    A body that was refused is the team's fault; a line that broke is nobody's, and counts as ours.
    """
    with desk.database.begin() as session:
        if submissions.abandon(session, submission):
            return_place(desk, session, submission, fault)
        row = session.get(SubmissionRow, submission)
    # Also when a sweep was quicker with the row: the last bytes may have come after it.
    if row is not None and row.state == "abandoned":
        desk.storage.abort_uploads(keys.SUBMISSIONS, row.object_key)
        desk.storage.delete(keys.SUBMISSIONS, row.object_key)


def _refuse_closed(venue: Venue) -> None:
    if venue.truth is None:
        raise Conflict(
            "split-closed",
            f"{venue.split_name} of {venue.published.challenge.name} takes no submissions: its ground truth is not here",
            "submit to another split, or ask the organisers when it opens",
        )


def _reserve(desk: Desk, submission: UUID, team: UUID, venue: Venue) -> None:
    hold_seconds = desk.settings.upload_seconds + HOLD_MARGIN_SECONDS
    desk.allowance.reserve(submission, team, venue.split.limits, hold_seconds)


def _forget(desk: Desk, submission: UUID) -> None:
    """There was no place for it: nothing of it is worth keeping."""
    with desk.database.begin() as session:
        session.delete(session.get_one(SubmissionRow, submission))


def _open(desk: Desk, submission: UUID, team: UUID, venue: Venue, metadata: Metadata) -> None:
    now = desk.clock()
    with desk.database.begin() as session:
        session.add(
            SubmissionRow(
                id=submission,
                team_id=team,
                challenge=venue.published.challenge.name,
                task=venue.task_name,
                split=venue.split_name,
                state="open",
                method=metadata.method,
                description=metadata.description,
                track=metadata.track,
                labels=metadata.labels,
                published_at=now if metadata.publish else None,
                object_key=keys.submission_key(team, submission),
                created_at=now,
                deadline_at=now + LEASE,
            )
        )


def _seal(desk: Desk, submission: UUID, venue: Venue, sealed: Sealed) -> None:
    now = desk.clock()
    name = venue.published.challenge.name
    with desk.database.begin() as session:
        # What was published while the upload lasted counts; what is published next will find it sealed.
        challenges.hold_still(session, name)
        current = challenges.venue(session, name, venue.task_name, venue.split_name)
        if current.truth is None or not submissions.seal(session, submission, sealed, now):
            raise Conflict(
                "upload-expired", "the upload was given up: it took too long, or the split closed", "submit again"
            )
        queue_evaluation(session, submission, current.published, current.truth, now)
