"""Submit a file: reserve a place, stream the bytes to S3, spend the place, seal, queue.

    reserve ─▶ row `open` ─▶ bytes to S3 ─▶ spend ─▶ row `sealed` + evaluation + outbox, in one transaction

Whatever breaks on the way abandons the row and gives the place back; if this process dies, a sweep does it.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID, uuid4

from starlette.concurrency import run_in_threadpool

from services.gateway.actions.settle import Fault, return_place
from services.gateway.desk import Desk
from services.gateway.intake import Intake, Sealed
from services.gateway.store import outbox, submissions
from services.gateway.store.challenges import Venue
from services.gateway.tables import EvaluationRow, SubmissionRow
from shared import keys
from shared.errors import Conflict, Refused, TooLarge
from shared.messages import Reservation, Settlement
from shared.storage import Upload

log = logging.getLogger(__name__)

HOLD_MARGIN_SECONDS = 600
"""A place is held this much longer than an upload may take, so that the ledger never forgets a living upload."""


@dataclass(frozen=True, slots=True)
class Metadata:
    """What a team says of its submission. `publish` puts it on the board once it is scored."""

    method: str
    description: str
    track: str
    publish: bool


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
    _check(venue, announced_bytes)
    submission = uuid4()
    await run_in_threadpool(_open, desk, submission, team, venue, metadata)
    try:
        sealed = await _receive(desk, keys.submission_key(team, submission), venue, body)
        spent = await run_in_threadpool(desk.allowance.settle, submission, Settlement(to="spent"))
        await run_in_threadpool(_seal, desk, submission, venue, sealed)
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
        judged = submissions.find(session, submission)
        if judged is None or not submissions.abandon(session, submission):
            return
        return_place(desk, session, submission, fault)
        object_key = judged.submission.object_key
    desk.storage.delete(keys.SUBMISSIONS, object_key)


def _check(venue: Venue, announced_bytes: int | None) -> None:
    if venue.truth is None:
        raise Conflict(
            "split-closed",
            f"{venue.split_name} of {venue.published.challenge.name} takes no submissions: its ground truth is not here",
            "submit to another split, or ask the organisers when it opens",
        )
    if announced_bytes is not None and announced_bytes > venue.task.max_bytes:
        raise TooLarge(
            "submission-too-large",
            f"the file has {announced_bytes:,} bytes; this task takes {venue.task.max_bytes:,} at most",
            "send one file with one line per image and at most the stated number of guesses",
        )


def _open(desk: Desk, submission: UUID, team: UUID, venue: Venue, metadata: Metadata) -> None:
    now = desk.clock()
    seconds = desk.settings.upload_seconds
    desk.allowance.reserve(submission, team, venue.split.limits, seconds + HOLD_MARGIN_SECONDS)
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
                published_at=now if metadata.publish else None,
                object_key=keys.submission_key(team, submission),
                created_at=now,
                deadline_at=now + timedelta(seconds=seconds),
            )
        )


async def _receive(desk: Desk, object_key: str, venue: Venue, body: AsyncIterator[bytes]) -> Sealed:
    intake = Intake(venue.task.max_bytes)
    upload = desk.storage.upload(keys.SUBMISSIONS, object_key)
    try:
        async with asyncio.timeout(desk.settings.upload_seconds):
            async for chunk in body:
                for block in intake.feed(chunk):
                    await _write(upload, block)
            for block in intake.finish():
                await _write(upload, block)
            sealed = intake.sealed()
            if sealed.size_bytes == 0:
                raise Refused("submission-empty", "the body is empty", "send the predictions file as the body")
            await run_in_threadpool(upload.finish)
            return sealed
    except TimeoutError as error:
        await run_in_threadpool(upload.abort)
        raise Refused(
            "upload-too-slow",
            f"the upload took longer than {desk.settings.upload_seconds} seconds",
            "compress the file with gzip, or send it over a faster line",
        ) from error
    except BaseException:
        await asyncio.shield(run_in_threadpool(upload.abort))
        raise


async def _write(upload: Upload, block: bytes) -> None:
    if upload.fits(block):
        upload.write(block)
    else:
        await run_in_threadpool(upload.write, block)


def _seal(desk: Desk, submission: UUID, venue: Venue, sealed: Sealed) -> None:
    now = desk.clock()
    assert venue.truth is not None
    with desk.database.begin() as session:
        if not submissions.seal(session, submission, sealed, now):
            raise Conflict("upload-expired", "the upload took so long that it was given up", "submit again")
        evaluation = EvaluationRow(
            id=uuid4(),
            submission_id=submission,
            version=venue.published.challenge.version,
            definition=venue.published.digest,
            truth=venue.truth,
            state="queued",
            attempt=1,
            created_at=now,
            heard_at=now,
        )
        session.add(evaluation)
        session.flush()
        outbox.owe(session, "evaluate", {"evaluation": str(evaluation.id), "attempt": 1}, now)
