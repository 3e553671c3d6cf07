"""The bytes of an upload on their way to S3: counted, digested and unpacked as they pass, never whole anywhere."""

import asyncio
import contextlib
import functools
import logging
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import TypeVar
from uuid import UUID

from anyio import CapacityLimiter, to_thread
from starlette.concurrency import run_in_threadpool

from services.gateway.desk import Desk
from services.gateway.intake import Intake, Sealed
from services.gateway.store import submissions
from shared import keys
from shared.errors import Refused, Unavailable
from shared.storage import Upload

log = logging.getLogger(__name__)

ResultT = TypeVar("ResultT")

LEASE = timedelta(seconds=60)
"""A living upload renews its deadline every third of this; one whose gateway died is abandoned this much later."""


Check = Callable[[Sealed], None]
"""Looks at what has arrived before it is kept; raises `Refused` when it is not what it should be."""

STORAGE_THREADS = 16
"""Uploads have threads of their own: a storage that hangs must not hold up boards, status and health."""


async def receive(
    desk: Desk,
    submission: UUID,
    object_key: str,
    limit_bytes: int,
    body: AsyncIterator[bytes],
    check: Check | None = None,
) -> Sealed:
    """Stream `body` to `object_key`; what it was. What it leaves behind when it raises is for `abandon` to clear.

    Raises `TooLarge` beyond `limit_bytes`, `Refused` for broken gzip, an empty body and one that takes too long, and
    what `check` raises.
    """
    limit_seconds = desk.settings.upload_seconds
    try:
        async with asyncio.timeout(limit_seconds), _renewed(desk, submission):
            return await _stream(desk.storage.upload(keys.SUBMISSIONS, object_key), Intake(limit_bytes), body, check)
    except TimeoutError as error:
        raise Refused(
            "upload-too-slow",
            f"the upload took longer than {limit_seconds} seconds",
            "compress the file with gzip, or send it over a faster line",
        ) from error


async def _stream(upload: Upload, intake: Intake, body: AsyncIterator[bytes], check: Check | None) -> Sealed:
    async for chunk in body:
        for block in intake.feed(chunk):
            await _write(upload, block)
    for block in intake.finish():
        await _write(upload, block)
    sealed = intake.sealed()
    if sealed.size_bytes == 0:
        raise Refused("submission-empty", "the body is empty", "send the predictions file as the body")
    if check is not None:
        check(sealed)
    await in_storage_thread(upload.finish)
    return sealed


async def _write(upload: Upload, block: bytes) -> None:
    if upload.fits(block):
        upload.write(block)
    else:
        await in_storage_thread(lambda: upload.write(block))


async def in_storage_thread(call: Callable[[], ResultT]) -> ResultT:
    """What `call`, which talks to S3, answers in one of the threads that are kept for that."""
    return await to_thread.run_sync(call, limiter=_storage_threads())


@functools.cache
def _storage_threads() -> CapacityLimiter:
    return CapacityLimiter(STORAGE_THREADS)


def _renewed(desk: Desk, submission: UUID) -> contextlib.AbstractAsyncContextManager[None]:
    """Keep the deadline of an upload ahead of it, also while no byte comes."""

    def renew() -> None:
        with desk.database.begin() as session:
            submissions.renew(session, submission, desk.clock() + LEASE)

    return renewing(renew, LEASE.total_seconds() / 3, f"deadline of upload {submission}")


@contextlib.asynccontextmanager
async def renewing(renew: Callable[[], None], every_seconds: float, what: str) -> AsyncIterator[None]:
    """Call `renew` again and again while the block lasts; once a second while the database is away."""

    async def keep_renewing() -> None:
        pause = every_seconds
        while True:
            await asyncio.sleep(pause)
            try:
                await run_in_threadpool(renew)
                pause = every_seconds
            except Unavailable as error:
                log.warning("%s not renewed: %s", what, error)
                pause = 1.0

    renewal = asyncio.create_task(keep_renewing())
    try:
        yield
    finally:
        renewal.cancel()
