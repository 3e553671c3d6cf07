"""The parts of an upload: one comes in and is kept in S3 under its digest; all of them come out again in order.

A part is never overwritten: sent again it is the same, or it is refused. So it does not matter how often, in which
order and by how many connections parts come, nor that a gateway dies with one half sent.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Iterator, Sequence
from uuid import UUID

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from services.gateway.actions.admit import refuse_unstorable
from services.gateway.actions.uploads import expired, living, owned
from services.gateway.deadlines import STALL_SECONDS, TooSlow
from services.gateway.desk import Desk
from services.gateway.intake import Incoming
from services.gateway.store import uploads
from services.gateway.store.uploads import Opened
from services.gateway.tables import PartRow
from services.gateway.threads import STORAGE
from shared import keys
from shared.errors import Broken, Conflict, Missing

LEAST_BYTES_PER_SECOND = 50_000
SPARE_SECONDS = 60
"""A part has 60 s and its size at this rate: 60 + 8 MiB ÷ 50 kB/s = 228 s at most. A few bytes now and then hold no room."""


async def put_part(desk: Desk, team: UUID, upload: UUID, number: int, part: Incoming) -> PartRow:
    """Keep `part` under its number. It is in memory meanwhile.

    Raises `Missing` (no such upload or part), `Conflict` (it has ended; another content is there; not as many bytes as
    it must have), `Refused` (its sender fell silent, or is too slow). Nothing is kept then, and what was there stays.
    """
    opened = living(desk, await run_in_threadpool(owned, desk, team, upload))
    size_bytes = _size_of(opened, number)
    if part.announced_bytes not in (None, size_bytes):
        raise _wrong_size(number, size_bytes, f"{part.announced_bytes:,} are announced")
    await refuse_unstorable(desk)
    content, digest = await _receive(part.content, number, size_bytes)
    known = await run_in_threadpool(_known, desk, upload, number)
    if known is None:
        key = keys.part_key(team, upload, number, digest)
        with desk.shelf.writing():
            await STORAGE.run(desk.storage.put, keys.SUBMISSIONS, key, content)
        known = await run_in_threadpool(_note, desk, team, upload, number, digest, size_bytes)
    if known.digest != digest:
        raise Conflict(
            "part-differs",
            f"part {number} is there already, with SHA-256 {known.digest}; these bytes have {digest}",
            "a file that has changed needs an upload of its own: give this one up, or let it be",
        )
    return known


async def stored(desk: Desk, team: UUID, parts: Sequence[PartRow]) -> AsyncIterator[bytes]:
    """The bytes of all parts in order, in blocks. Each part is held against its digest when its end is reached."""
    for part in parts:
        blocks = _blocks(desk, team, part)
        while (block := await STORAGE.run(next, blocks, None)) is not None:
            yield block


def _size_of(opened: Opened, number: int) -> int:
    if number > opened.part_count:
        raise Missing(
            "no-such-part",
            f"this upload of {opened.upload.size_bytes:,} bytes has parts 1 to {opened.part_count}",
            f"every part has {opened.upload.part_bytes:,} bytes but the last",
        )
    return opened.size_of(number)


async def _receive(body: AsyncIterator[bytes], number: int, size_bytes: int) -> tuple[bytearray, str]:
    # Its full size at once: a buffer that grows is copied as it grows, and memory with it.
    content, received_bytes, sha = bytearray(size_bytes), 0, hashlib.sha256()
    loop = asyncio.get_running_loop()
    limit_seconds = SPARE_SECONDS + size_bytes / LEAST_BYTES_PER_SECOND
    ends_at = loop.time() + limit_seconds
    try:
        async with asyncio.timeout(STALL_SECONDS) as patience:
            async for chunk in body:
                received_bytes += len(chunk)
                if received_bytes > size_bytes:
                    break
                content[received_bytes - len(chunk) : received_bytes] = chunk
                sha.update(chunk)
                patience.reschedule(min(loop.time() + STALL_SECONDS, ends_at))
    except TimeoutError as error:
        is_silent = loop.time() < ends_at
        found = f"no byte came for {STALL_SECONDS}" if is_silent else f"the part took longer than {limit_seconds:.0f}"
        raise _too_slow(f"{found} seconds") from error
    except ClientDisconnect:
        # It is too short, then; nobody hears that.
        pass
    if received_bytes != size_bytes:
        found = f"{received_bytes:,} came" if received_bytes < size_bytes else "more came"
        raise _wrong_size(number, size_bytes, found)
    return content, sha.hexdigest()


def _too_slow(found: str) -> TooSlow:
    return TooSlow("upload-too-slow", found, "send the part again; on a slow line, open an upload of smaller parts")


def _wrong_size(number: int, size_bytes: int, found: str) -> Conflict:
    return Conflict(
        "part-size-wrong",
        f"part {number} has {size_bytes:,} bytes in this upload; {found}",
        "every part has the upload's part_bytes but the last, which has the rest",
    )


def _known(desk: Desk, upload: UUID, number: int) -> PartRow | None:
    with desk.database.begin() as session:
        return uploads.part(session, upload, number)


def _note(desk: Desk, team: UUID, upload: UUID, number: int, digest: str, size_bytes: int) -> PartRow:
    """Note that the part is there; when another was quicker or the upload has ended, its object is of no use."""
    now = desk.clock()
    part = PartRow(upload_id=upload, number=number, size_bytes=size_bytes, digest=digest, received_at=now)
    with desk.database.begin() as session:
        counts = uploads.add_part(session, part, now)
    if counts is None or counts.digest != digest:
        desk.storage.delete(keys.SUBMISSIONS, keys.part_key(team, upload, number, digest))
    if counts is None:
        raise expired()
    return counts


def _blocks(desk: Desk, team: UUID, part: PartRow) -> Iterator[bytes]:
    key, sha = keys.part_key(team, part.upload_id, part.number, part.digest), hashlib.sha256()
    try:
        for block in desk.storage.blocks(keys.SUBMISSIONS, key, part.size_bytes):
            sha.update(block)
            yield block
    except Missing as error:
        raise Broken("part-lost", f"part {part.number} of upload {part.upload_id} is not in storage") from error
    if sha.hexdigest() != part.digest:
        raise Broken("digest-differs", f"{key} holds other bytes than its digest says")
