"""The bytes of an upload on their way to S3: counted, digested and unpacked as they pass, never whole anywhere."""

import asyncio
import collections
import contextlib
import logging
from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta

from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool

from services.gateway.deadlines import in_time
from services.gateway.desk import Desk
from services.gateway.intake import Intake, Sealed
from services.gateway.threads import STORAGE
from shared import keys
from shared.errors import Refused, TooLarge, Unavailable
from shared.storage import Upload

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=60)
"""A living upload renews its deadline every third of this; one whose gateway died is abandoned this much later."""

Renew = Callable[[Session, datetime], object]
"""Gives what is being uploaded this new deadline."""

Check = Callable[[Sealed], None]
"""Looks at what has arrived before it is kept; raises `Refused` when it is not what it should be."""


def refuse_announced(announced_bytes: int | None, limit_bytes: int) -> None:
    """Raise `TooLarge` before the first byte of a body that says itself that it is over the limit."""
    if announced_bytes is not None and announced_bytes > limit_bytes:
        raise TooLarge(
            "submission-too-large",
            f"at least {announced_bytes:,} bytes were announced; this task takes {limit_bytes:,} at most",
            "send one file with one line per image and at most the stated number of guesses",
        )


async def receive(
    desk: Desk,
    object_key: str,
    limit_bytes: int,
    body: AsyncIterator[bytes],
    renew: Renew,
    check: Check | None = None,
) -> Sealed:
    """Stream `body` to `object_key`; what it was. What it leaves behind when it raises is for its caller to clear.

    Raises `TooLarge` beyond `limit_bytes`, `Refused` for broken gzip, an empty body and one that takes too long, and
    what `check` raises.
    """
    async with _in_time(desk), _renewed(desk, object_key, renew):
        return await _stream(desk, desk.storage.upload(keys.SUBMISSIONS, object_key), Intake(limit_bytes), body, check)


async def read_through(desk: Desk, limit_bytes: int, body: AsyncIterator[bytes]) -> Sealed:
    """What `body` is, read to its end and kept nowhere. Raises as `receive` does."""
    intake = Intake(limit_bytes)
    async with _in_time(desk):
        async for chunk in body:
            collections.deque(intake.feed(chunk), maxlen=0)
        collections.deque(intake.finish(), maxlen=0)
    return intake.sealed()


def _in_time(desk: Desk) -> contextlib.AbstractAsyncContextManager[None]:
    limit_seconds = desk.settings.upload_seconds
    return in_time(
        limit_seconds,
        f"the upload took longer than {limit_seconds} seconds",
        "compress the file with gzip, or send it over a faster line",
    )


async def _stream(
    desk: Desk, upload: Upload, intake: Intake, body: AsyncIterator[bytes], check: Check | None
) -> Sealed:
    async for chunk in body:
        for block in intake.feed(chunk):
            await _write(desk, upload, block)
    for block in intake.finish():
        await _write(desk, upload, block)
    sealed = intake.sealed()
    if sealed.size_bytes == 0:
        raise Refused("submission-empty", "the body is empty", "send the predictions file as the body")
    if check is not None:
        check(sealed)
    with desk.shelf.writing():
        await STORAGE.run(upload.finish)
    return sealed


async def _write(desk: Desk, upload: Upload, block: bytes) -> None:
    if upload.fits(block):
        upload.write(block)
    else:
        with desk.shelf.writing():
            await STORAGE.run(upload.write, block)


def _renewed(desk: Desk, object_key: str, renew: Renew) -> contextlib.AbstractAsyncContextManager[None]:
    """Keep the deadline of an upload ahead of it, also while no byte comes."""

    def renew_now() -> None:
        with desk.database.one_by_one() as session:
            renew(session, desk.clock() + LEASE)

    return renewing(renew_now, LEASE.total_seconds() / 3, f"deadline of upload {object_key}")


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
