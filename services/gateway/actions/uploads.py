"""Uploads in numbered parts: open one, look at it, give it up. Its parts go through `parts.py`, its end is `complete.py`.

    row `open` ─▶ reserve ─▶ parts to S3, in any order ─▶ complete: put together and taken like every other file

An upload and the submission that it becomes have one id and one state. It has a day (a setting) once its place is held;
then the courier's sweep abandons it as it does every upload that never ended.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID, uuid4

from sqlalchemy.orm import Session

from services.gateway.actions.admit import admitting
from services.gateway.actions.receive import LEASE, refuse_announced
from services.gateway.actions.remember import Key, claim
from services.gateway.actions.seal import Accepted
from services.gateway.actions.submit import Link, Metadata, abandon, add_open, forget, refuse_closed, reserve, reuse
from services.gateway.desk import Desk
from services.gateway.store import requests, submissions, uploads
from services.gateway.store.challenges import Venue
from services.gateway.store.requests import Remembered
from services.gateway.store.uploads import Opened
from services.gateway.tables import UploadRow
from shared.errors import Conflict, Missing, Refused, TooMany
from shared.messages import Standing

PART_COUNT = 10_000
"""The most parts of an upload: with parts of 8 MiB they reach 80 GiB."""

CLEAR_AFTER = timedelta(minutes=10)
"""A part that was under way when its upload ended is in S3 by then, and a sweep finds it."""


@dataclass(frozen=True, slots=True)
class Announced:
    """What a team says of the bytes that it is going to send: their digests too, if it likes."""

    size_bytes: int
    part_bytes: int
    digest: str | None
    received_digest: str | None


@dataclass(frozen=True, slots=True)
class Begun:
    """An upload that was opened: the body of the answer, and what the team has left; None where it is a repeated one."""

    upload: UUID
    answer: str
    standing: Standing | None


def open_upload(
    desk: Desk,
    team: UUID,
    venue: Venue,
    metadata: Metadata,
    announced: Announced,
    write: Callable[[Opened], str],
    key: Key | None = None,
    link: Link | None = None,
) -> Begun | Accepted:
    """Open an upload and hold a place for it, before any byte, unless it joins an entry; once for each `key`, which was
    not `known`. `link` is told of it.

    `write` makes the answer. Where the announced digest is that of an earlier submission, that stands for this one, and
    nothing is opened. Raises `Conflict` (the split is closed, too many are open), `Busy` (the key is in use by
    now), `TooLarge`, `TooMany`, `Refused` (too many parts), `Unavailable`: in every case nothing is held.
    """
    refuse_closed(venue)
    refuse_announced(announced.size_bytes, venue.task.max_bytes)
    _check_part_count(announced)
    if announced.digest is not None and (earlier := reuse(desk, team, venue, metadata, announced.digest, key, link)):
        return earlier
    upload = uuid4()
    _add(desk, upload, team, venue, metadata, announced, key, link)
    try:
        standing = reserve(desk, upload, team, venue, metadata, desk.settings.resumable_seconds)
        standing = standing or desk.allowance.standing(team, venue.split.limits)
        return Begun(upload, _begin(desk, upload, write, key), standing)
    except TooMany:
        forget(desk, upload)
        raise
    except BaseException:
        abandon(desk, upload)
        raise


def again(before: Remembered) -> Begun | Accepted:
    """The request was made before. Its answer names the upload, also where that has come to an earlier submission."""
    request = before.request
    if request.answer is None or request.reused:
        return Accepted(request.submission_id, None, reused=request.reused, replayed=True, answer=request.answer)
    return Begun(UUID(json.loads(request.answer)["id"]), request.answer, None)


def _begin(desk: Desk, upload: UUID, write: Callable[[Opened], str], key: Key | None) -> str:
    """The place is held: from now on the upload has its day. The answer, kept in the same transaction."""
    with desk.database.begin() as session:
        opened = uploads.find(session, upload)
        if opened is None or not submissions.renew(session, upload, opened.upload.expires_at):
            raise expired()
        answer = write(opened)
        return requests.answer(session, key.team, key.text, upload, answer) if key else answer


def owned(desk: Desk, team: UUID, upload: UUID) -> Opened:
    """The team's upload of this id; raises `Missing`, also when it is another team's, and when it was abandoned."""
    with desk.database.begin() as session:
        opened = uploads.find(session, upload)
    if opened is None or opened.submission.team_id != team:
        raise Missing("no-such-upload", f"your team has no upload {upload}", "GET /v1/uploads lists those of today")
    if opened.submission.state == "abandoned" and opened.became is None:
        raise Missing(
            "upload-given-up",
            "this upload was given up, refused when it was put together, or ran out of time; nothing of it is left",
            "open another one",
        )
    return opened


def living(desk: Desk, opened: Opened) -> Opened:
    """An upload that can still be sent to; raises `Conflict` when it is complete or out of time."""
    if opened.became is not None:
        raise _complete_already(opened.became)
    if opened.upload.expires_at <= desk.clock():
        raise expired()
    return opened


def give_up(desk: Desk, team: UUID, upload: UUID) -> None:
    """Abandon an upload: its parts go, its place comes back.

    Raises `Missing` when there is none (any more), `Conflict` when it is complete, or just being put together.
    """
    opened = owned(desk, team, upload)
    if opened.became is not None:
        raise _complete_already(opened.became)
    now, until = desk.clock(), opened.upload.completing_until
    if until is not None and until >= now:
        raise completing()
    with desk.database.begin() as session:
        uploads.clear_later(session, upload, now + CLEAR_AFTER)
    abandon(desk, upload)


def completing() -> Conflict:
    """The refusal while that lasts."""
    return Conflict(
        "upload-completing",
        "the parts of this upload are being put together",
        "ask for …/complete again in a moment: it answers with the submission",
    )


def expired() -> Conflict:
    """The refusal of an upload that is given up."""
    return Conflict("upload-expired", "the upload was given up, or its time is up", "open another one")


def _complete_already(submission: UUID) -> Conflict:
    return Conflict(
        "upload-complete",
        "this upload is complete: it is a sealed submission now",
        f"GET /v1/submissions/{submission} shows its outcome",
    )


def _add(
    desk: Desk,
    upload: UUID,
    team: UUID,
    venue: Venue,
    metadata: Metadata,
    announced: Announced,
    key: Key | None,
    link: Link | None,
) -> None:
    now = desk.clock()
    expires_at = now + timedelta(seconds=desk.settings.resumable_seconds)
    with admitting(desk, team, venue) as session:
        _check_room(session, team, desk.settings.open_uploads)
        add_open(session, upload, team, venue, metadata, now, now + LEASE)
        session.add(
            UploadRow(
                id=upload,
                size_bytes=announced.size_bytes,
                part_bytes=announced.part_bytes,
                digest=announced.digest,
                received_digest=announced.received_digest,
                earlier_id=None,
                expires_at=expires_at,
                clear_at=expires_at + CLEAR_AFTER,
            )
        )
        if key is not None:
            claim(desk, session, key, upload)
        if link is not None:
            link(session, upload, False)


def _check_room(session: Session, team: UUID, most: int) -> None:
    is_open = uploads.open_ones(session, team)
    if len(is_open) >= most:
        raise Conflict(
            "too-many-uploads",
            f"your team has {len(is_open)} uploads open, and may have {most}",
            f"complete one, or DELETE /v1/uploads/{is_open[0]} (the oldest)",
        )


def _check_part_count(announced: Announced) -> None:
    if announced.size_bytes > PART_COUNT * announced.part_bytes:
        least = -(-announced.size_bytes // PART_COUNT)
        raise Refused(
            "too-many-parts",
            f"an upload has at most {PART_COUNT:,} parts; {announced.size_bytes:,} bytes need more",
            f"choose a part_bytes of {least:,} or more",
        )
