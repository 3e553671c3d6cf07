"""Where the courier is put together: one drain per kind of deed, one bell, the sweeps."""

import asyncio
import contextlib
import logging
import signal

import httpcore

from services.gateway.app import open_desk
from services.gateway.courier.check import CheckEnqueuer
from services.gateway.courier.deliver import Deliverer
from services.gateway.courier.dial import guarded_pool
from services.gateway.courier.drain import Drain
from services.gateway.courier.evaluate import Enqueuer
from services.gateway.courier.mail import Mailer
from services.gateway.courier.settle import Settler
from services.gateway.courier.sweeps import Sweeps
from services.gateway.desk import Desk
from services.gateway.settings import CourierSettings
from services.gateway.store.outbox import CHANNEL
from shared.database import listen
from shared.queue import Queue

log = logging.getLogger("services.gateway.courier")


def main(settings: CourierSettings) -> None:
    """Run until SIGTERM or SIGINT."""
    asyncio.run(_run(settings))


async def _run(settings: CourierSettings) -> None:
    desk = open_desk(settings, "courier")
    queue = Queue(settings.queue_address())
    async with guarded_pool(settings.networks()) as pool:
        drains = _drains(desk, settings, queue, pool)
        sweeps = Sweeps(desk, queue, settings)
        work = [asyncio.create_task(drain.run()) for drain in drains.values()]
        work += [asyncio.create_task(sweeps.run()), asyncio.create_task(_wake(settings.database_url, drains))]
        log.info("%s", settings.mail_server() or "nobody is written to: HOLDOUT_GATEWAY_MAIL_HOST is not set")
        log.info("ready")
        await _first_end(work)
    await queue.close()
    desk.close()


def _drains(
    desk: Desk, settings: CourierSettings, queue: Queue, pool: httpcore.AsyncConnectionPool
) -> dict[str, Drain]:
    return {
        "evaluate": Drain(desk, Enqueuer(desk, queue), at_once=50),
        "check": Drain(desk, CheckEnqueuer(desk, queue), at_once=50),
        "settle": Drain(desk, Settler(desk), at_once=10),
        "deliver": Drain(desk, Deliverer(desk, pool, patience=settings.patience()), at_once=100),
        "mail": Drain(desk, Mailer(desk, settings.mail_server()), at_once=2),
    }


async def _wake(database_url: str, drains: dict[str, Drain]) -> None:
    """Turn bells into wake-ups; an empty bell (after a reconnect) wakes all."""
    async for bell in listen(database_url, [CHANNEL], "holdout courier bells"):
        for kind, drain in drains.items():
            if bell.payload in ("", kind):
                drain.wake()


async def _first_end(work: list[asyncio.Task[None]]) -> None:
    """Wait for a signal to stop, or for a task to break; then end them all."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    waiting = asyncio.create_task(stopped.wait())
    done, _ = await asyncio.wait([waiting, *work], return_when=asyncio.FIRST_COMPLETED)
    for task in [waiting, *work]:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            if task not in done:
                await task
    for task in done:
        task.result()
