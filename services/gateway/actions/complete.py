"""The end of an upload in parts: they are put together, and go the way of every other file (`submit.take`).

One call does it at a time, under a lease of its own that it renews; when its gateway dies or stalls, whoever asks next
does it again, and the first, should it come back, can neither seal nor undo anything. The parts are deleted after the
submission is sealed, by us or by a sweep. What it came to is kept with the upload, and answered to whoever asks again.
"""

import asyncio
import logging
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID, uuid4

from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool

from services.gateway.actions.parts import stored
from services.gateway.actions.receive import LEASE as UPLOAD_LEASE
from services.gateway.actions.receive import Check, refuse_announced, renewing
from services.gateway.actions.seal import Accepted, Fence
from services.gateway.actions.submit import abandon, fault_of, refuse_closed, take
from services.gateway.actions.uploads import CLEAR_AFTER, completing, living, owned
from services.gateway.desk import Desk
from services.gateway.intake import Incoming, Sealed
from services.gateway.store import submissions, uploads
from services.gateway.store.challenges import Venue
from services.gateway.store.uploads import Opened
from services.gateway.tables import PartRow
from services.gateway.threads import LEDGER
from shared import keys
from shared.errors import Conflict, Refused, Unavailable

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=3)
"""When a gateway dies while it puts parts together, another may after this; a living one renews every third of it."""

SHOWN_PARTS = 20


class OtherBytes(Conflict):
    """The bytes are not those that whoever completes the upload means. It stays open."""


async def complete(desk: Desk, opened: Opened, venue: Venue, received_digest: str | None) -> Accepted:
    """Make a sealed, queued submission of an upload to `venue`, unless an earlier one holds its bytes.

    Asked again, it answers the same submission. `received_digest` is that of the bytes as sent; without it, the one
    counts that was announced. Raises `Conflict` when parts are missing, when another call is at it, or when the bytes
    have another digest: the upload stays open. Raises whatever `submit.take` does: what the file is to blame for
    abandons the upload, what we are to blame for leaves it as it was.
    """
    team, upload = opened.submission.team_id, opened.upload.id
    owner = uuid4()
    begun = await run_in_threadpool(_begin, desk, opened, venue, owner)
    if isinstance(begun, Accepted):
        return begun
    file = Incoming(stored(desk, team, begun), opened.upload.size_bytes, opened.upload.digest)
    check = _check_of(received_digest or opened.upload.received_digest)
    try:
        async with renewing(
            lambda: _renew(desk, upload, owner), LEASE.total_seconds() / 3, f"lease on upload {upload}"
        ):
            accepted = await take(desk, upload, team, venue, file, check, _fence(upload, owner))
    except BaseException as error:
        is_ours = await asyncio.shield(LEDGER.run(_undo, desk, upload, owner, error))
        if is_ours or not isinstance(error, Exception):
            raise
        log.warning("another call took upload %s over, which stalled here: %r", upload, error)
        return await LEDGER.run(_taken_over, desk, team, upload)
    await run_in_threadpool(_clear, desk, team, upload)
    return accepted


def _begin(desk: Desk, opened: Opened, venue: Venue, owner: UUID) -> Sequence[PartRow] | Accepted:
    """Take the lease, if every part is there; what it came to, when the upload is complete already."""
    if done := _done(opened):
        return done
    living(desk, opened)
    refuse_closed(venue)
    refuse_announced(opened.upload.size_bytes, venue.task.max_bytes)
    upload, now = opened.upload.id, desk.clock()
    with desk.database.begin() as session:
        parts = uploads.parts(session, upload)
        _check_whole(opened, {part.number for part in parts})
        if uploads.begin_completing(session, upload, owner, now, now + LEASE, now + CLEAR_AFTER):
            # From here on it is an upload like any other: it has as long as it needs.
            submissions.renew(session, upload, now + UPLOAD_LEASE)
            return parts
    return _taken_over(desk, opened.submission.team_id, upload)


def _taken_over(desk: Desk, team: UUID, upload: UUID) -> Accepted:
    """What it came to in other hands; raises `Conflict` while they are at it, `Missing` when it was given up."""
    if done := _done(owned(desk, team, upload)):
        return done
    raise completing()


def _done(opened: Opened) -> Accepted | None:
    if opened.became is None:
        return None
    return Accepted(opened.became, None, reused=opened.became != opened.upload.id)


def _check_whole(opened: Opened, received: set[int]) -> None:
    missing = [number for number in range(1, opened.part_count + 1) if number not in received]
    if missing:
        shown = ", ".join(map(str, missing[:SHOWN_PARTS])) + (", …" if len(missing) > SHOWN_PARTS else "")
        raise Conflict(
            "parts-missing",
            f"{len(missing):,} of {opened.part_count:,} parts are not here: {shown}",
            "send them, then complete the upload again; GET the upload lists them all as `missing`",
        )


def _check_of(received_digest: str | None) -> Check:
    """Whether the bytes are those that are meant; asked before anything of them is kept."""

    def check(sealed: Sealed) -> None:
        if received_digest not in (None, sealed.received_digest):
            raise OtherBytes(
                "upload-digest-differs",
                f"the parts together have SHA-256 {sealed.received_digest}, not {received_digest}",
                "complete it with the digest of the file as you sent it; or give it up, and send the file anew",
            )

    return check


def _fence(upload: UUID, owner: UUID) -> Fence:
    def refuse_late(session: Session) -> None:
        if not uploads.is_completing(session, upload, owner):
            raise completing()

    return refuse_late


def _renew(desk: Desk, upload: UUID, owner: UUID) -> None:
    with desk.database.begin() as session:
        uploads.completing(session, upload, owner, desk.clock() + LEASE)


def _undo(desk: Desk, upload: UUID, owner: UUID, error: BaseException) -> bool:
    """Leave the upload open, or abandon it where the file is to blame; False when it is not ours to do so any more."""
    is_lost = isinstance(error, Refused) and not isinstance(error, OtherBytes)
    with desk.database.begin() as session:
        is_ours = uploads.completing(session, upload, owner, desk.clock() + LEASE if is_lost else None)
        has_ended = submissions.hold(session, upload).state != "open"
    # In other hands and ended: all that this does is delete the bytes that came too late for it, if it was given up.
    if has_ended or (is_ours and is_lost):
        abandon(desk, upload, fault_of(error))
    return is_ours


def _clear(desk: Desk, team: UUID, upload: UUID) -> None:
    """The submission is sealed, so a storage that is away now must not spoil the answer: a sweep clears later."""
    try:
        clear(desk, team, upload)
    except Unavailable as error:
        log.warning("parts of upload %s are left to the sweep: %s", upload, error)


def clear(desk: Desk, team: UUID, upload: UUID) -> None:
    """Delete what an ended upload has in S3 besides its submission: parts, and what a dead gateway began to write."""
    desk.storage.delete_below(keys.SUBMISSIONS, keys.parts_prefix(team, upload))
    desk.storage.abort_uploads(keys.SUBMISSIONS, keys.submission_key(team, upload))
