"""Running drains in tests, and waiting for what they do."""

import asyncio
import contextlib
import dataclasses
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta

from sqlalchemy import select

from services.gateway.courier.drain import Drain
from services.gateway.desk import Desk
from services.gateway.tables import OutboxRow
from tests.waiting import eventually


class Moment:
    """A clock that stands still until it is set."""

    def __init__(self) -> None:
        self.now = datetime(2026, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


def at(desk: Desk, moment: Moment) -> Desk:
    """The same desk under another clock."""
    return dataclasses.replace(desk, clock=moment)


@contextlib.asynccontextmanager
async def running(*drains: Drain) -> AsyncIterator[None]:
    """Run the drains while the block lasts."""
    tasks = [asyncio.create_task(drain.run()) for drain in drains]
    yield
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def until(look: Callable[[], object]) -> None:
    """Wait until `look` is truthy; it may ask the database."""
    await asyncio.to_thread(eventually, look)


def rows(desk: Desk) -> list[OutboxRow]:
    """All that is owed or given up, oldest first."""
    with desk.database.begin() as session:
        return list(session.scalars(select(OutboxRow).order_by(OutboxRow.id)))


def work_off(
    desk: Desk, drain: Drain, open_meanwhile: contextlib.AbstractAsyncContextManager[object] | None = None
) -> OutboxRow | None:
    """Run until the only row was tried once: the row as it was postponed or given up, None when it was struck out."""

    def tried() -> bool:
        return all(row.last_error is not None for row in rows(desk))

    async def run() -> None:
        async with open_meanwhile or contextlib.nullcontext(), running(drain):
            await until(tried)

    asyncio.run(run())
    left = rows(desk)
    return left[0] if left else None


def waits(row: OutboxRow, moment: Moment, seconds: float) -> bool:
    """Whether the row is due `seconds` from now, give or take the jitter of a tenth."""
    wait = row.next_attempt_at - moment.now
    return timedelta(seconds=seconds) <= wait <= timedelta(seconds=1.1 * seconds + 0.001)
