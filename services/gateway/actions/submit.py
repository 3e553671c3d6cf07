"""Submit a file: reserve a place, stream the bytes to S3, spend the place, seal, queue.

    row `open` ─▶ reserve ─▶ bytes to S3 ─▶ seal (see `seal.py`)

The row comes first, so that whatever breaks on the way finds it: it is abandoned and the place given back, by this
process, or by a sweep when this process dies. An upload in parts goes the same way (`uploads.py` opens it,
`complete.py` hands its parts to `take`). Bytes that the team has sent before, and requests that it has made
before, cost nothing.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool

from services.gateway.actions.admit import admitting, refuse_unstorable
from services.gateway.actions.entries import give_back, join
from services.gateway.actions.receive import LEASE, Check, read_through, receive, refuse_announced
from services.gateway.actions.remember import Key, claim, mismatch
from services.gateway.actions.seal import Accepted, Fence, seal
from services.gateway.actions.settle import Fault
from services.gateway.desk import Desk
from services.gateway.digestfields import Damaged, check_digest
from services.gateway.intake import Incoming
from services.gateway.store import batches, submissions
from services.gateway.store.challenges import Venue
from services.gateway.store.requests import Remembered
from services.gateway.tables import SubmissionRow
from services.gateway.threads import LEDGER
from shared import keys
from shared.challenge import Numbering
from shared.errors import Conflict, Refused, TooMany
from shared.messages import Standing
from shared.version import VERSION

HOLD_MARGIN_SECONDS = 600
"""A place is held this much longer than an upload may take, so that the ledger never forgets a living upload."""


@dataclass(frozen=True, slots=True)
class Metadata:
    """What a team says of its submission. `publish` puts it on the board once it is scored; one that is not
    `participating` stands there outside the contest. `entry` is the submission whose place this file shares.
    """

    method: str
    description: str
    track: str
    publish: bool
    labels: Numbering = "ilsvrc"
    participating: bool = True
    entry: UUID | None = None


Link = Callable[[Session, UUID, bool], None]
"""Notes in the transaction that opens or finds it which submission something is, and whether it was there before; raises
where somebody else was quicker."""


async def submit(
    desk: Desk,
    team: UUID,
    venue: Venue,
    metadata: Metadata,
    file: Incoming,
    key: Key | None = None,
    link: Link | None = None,
) -> Accepted:
    """Take `file` as the team's submission to `venue`, once for each `key`, which was not `known`; `link` is told of it.

    Raises `Conflict` (the split takes none), `Busy` (the key is in use by now), `TooMany` (no place, full), `TooLarge`,
    `Refused` (broken, too slow, not what it says), `Unavailable` (something of ours is down): in every case nothing is spent.
    """
    refuse_closed(venue)
    refuse_announced(file.announced_bytes, venue.task.max_bytes)
    if file.digest is not None:
        earlier = await LEDGER.run(reuse, desk, team, venue, metadata, file.digest, key, link)
        if earlier is not None:
            return earlier
    await refuse_unstorable(desk)
    return await _take_new(desk, team, venue, metadata, file, key, link)


async def _take_new(
    desk: Desk, team: UUID, venue: Venue, metadata: Metadata, file: Incoming, key: Key | None, link: Link | None
) -> Accepted:
    submission = uuid4()
    await run_in_threadpool(_open, desk, submission, team, venue, metadata, key, link)
    try:
        await LEDGER.run(reserve, desk, submission, team, venue, metadata, desk.settings.upload_seconds)
        return await take(desk, submission, team, venue, file)
    except TooMany:
        await run_in_threadpool(forget, desk, submission)
        raise
    except BaseException as error:
        # Also a cut connection or a shutdown: what was begun is undone before the error goes on.
        await asyncio.shield(LEDGER.run(abandon, desk, submission, fault_of(error)))
        raise


async def take(
    desk: Desk,
    submission: UUID,
    team: UUID,
    venue: Venue,
    file: Incoming,
    check: Check | None = None,
    fence: Fence | None = None,
) -> Accepted:
    """From the bytes of an open submission with a place to one that is sealed and queued, or was there before.

    Every way in ends here; with a `fence` where another call could take over meanwhile. What it leaves behind when it
    raises is for `abandon` to clear.
    """
    sealed = await receive(
        desk,
        keys.submission_key(team, submission),
        venue.task.max_bytes,
        file.content,
        lambda session, until: submissions.renew(session, submission, until),
        check,
    )
    check_digest(file.digest, sealed.digest, sealed.received_digest)
    return await LEDGER.run(seal, desk, submission, venue, sealed, fence)


def fault_of(error: BaseException) -> Fault:
    """Who a place is put down to that comes back because of `error`. A line that breaks or damages is nobody's."""
    return "theirs" if isinstance(error, Refused) and not isinstance(error, Damaged) else "ours"


async def again(desk: Desk, venue: Venue, file: Incoming, before: Remembered) -> Accepted:
    """The request was made before. Its file is read only to see that it is the same; nothing is stored or reserved."""
    request, digest = before.request, before.submission.digest
    if file.digest != digest and (await read_through(desk, venue.task.max_bytes, file.content)).digest != digest:
        raise mismatch("another file")
    return Accepted(before.submission.id, None, reused=request.reused, replayed=True, answer=request.answer)


def reuse(
    desk: Desk,
    team: UUID,
    venue: Venue,
    metadata: Metadata,
    digest: str,
    key: Key | None = None,
    link: Link | None = None,
) -> Accepted | None:
    """What the team's earlier submission of these bytes came to, before a place is reserved or a byte is read."""
    with desk.database.begin() as session:
        earlier = stand_in(desk, session, team, venue, metadata, digest, link)
        if earlier is not None and key is not None:
            claim(desk, session, key, earlier, reused=True)
    return Accepted(earlier, desk.allowance.standing(team, venue.split.limits), reused=True) if earlier else None


def stand_in(
    desk: Desk, session: Session, team: UUID, venue: Venue, metadata: Metadata, digest: str, link: Link | None
) -> UUID | None:
    """The team's earlier submission of these bytes, which stands for them from now on, and on the board if that is wished."""
    earlier = submissions.same(session, team, venue, metadata.labels, digest, VERSION)
    if earlier is not None:
        if metadata.publish:
            submissions.publish(session, earlier, desk.clock())
        if link is not None:
            link(session, earlier, True)
    return earlier


def abandon(desk: Desk, submission: UUID, fault: Fault = "ours") -> None:
    """Undo an open submission: its bytes go, its place comes back. Does nothing to one that is sealed.

    A body that was refused is the team's fault; a line that broke is nobody's, and counts as ours.
    """
    with desk.database.begin() as session:
        if submissions.abandon(session, submission):
            batches.let_go(session, submission)
            give_back(desk, session, session.get_one(SubmissionRow, submission), fault)
        row = session.get(SubmissionRow, submission)
    # Also when a sweep was quicker with the row: the last bytes may have come after it.
    if row is not None and row.state == "abandoned":
        desk.storage.abort_uploads(keys.SUBMISSIONS, row.object_key)
        desk.storage.delete(keys.SUBMISSIONS, row.object_key)
        desk.storage.delete_below(keys.SUBMISSIONS, keys.parts_prefix(row.team_id, submission))


def refuse_closed(venue: Venue) -> None:
    """Raise `Conflict` when the split takes no submissions."""
    if venue.truth is None:
        raise Conflict(
            "split-closed",
            f"{venue.split_name} of {venue.published.challenge.name} takes no submissions: its ground truth is not here",
            "submit to another split, or ask the organisers when it opens",
        )


def reserve(
    desk: Desk, submission: UUID, team: UUID, venue: Venue, metadata: Metadata, upload_seconds: int
) -> Standing | None:
    """Hold a place for an upload that may last so long; what the team has left. Raises `TooMany`.

    A file that joins an entry needs none: None.
    """
    if metadata.entry is not None:
        return None
    hold_seconds = upload_seconds + HOLD_MARGIN_SECONDS
    return desk.allowance.reserve(submission, team, venue.split.limits, hold_seconds).standing


def forget(desk: Desk, submission: UUID) -> None:
    """There was no place for it: nothing of it is worth keeping."""
    with desk.database.begin() as session:
        session.delete(session.get_one(SubmissionRow, submission))


def _open(
    desk: Desk,
    submission: UUID,
    team: UUID,
    venue: Venue,
    metadata: Metadata,
    key: Key | None,
    link: Link | None,
) -> None:
    now = desk.clock()
    with admitting(desk, team, venue) as session:
        add_open(session, submission, team, venue, metadata, now, now + LEASE)
        if key is not None:
            claim(desk, session, key, submission)
        if link is not None:
            link(session, submission, False)


def add_open(
    session: Session, submission: UUID, team: UUID, venue: Venue, metadata: Metadata, now: datetime, deadline: datetime
) -> None:
    """Add an open submission to the caller's transaction; a sweep abandons it after `deadline`.

    Raises `Missing` and `Conflict` where it is to join an entry and cannot.
    """
    if metadata.entry is not None:
        join(session, team, venue, metadata.entry, now)
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
            participating=metadata.participating,
            entry_id=metadata.entry,
            published_at=now if metadata.publish else None,
            object_key=keys.submission_key(team, submission),
            created_at=now,
            deadline_at=deadline,
        )
    )
    # Rows of other tables refer to it.
    session.flush()
