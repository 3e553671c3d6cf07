"""Where the courier is put together: one drain per kind of deed, one bell, the sweeps, the proof."""

import asyncio
import logging
import signal
from collections.abc import Sequence
from typing import Any

import httpcore

from services.gateway.courier.census import Census
from services.gateway.courier.check import CheckEnqueuer
from services.gateway.courier.deliver import ATTEMPT_SECONDS, Deliverer
from services.gateway.courier.dial import guarded_pool
from services.gateway.courier.drain import Drain
from services.gateway.courier.evaluate import Enqueuer
from services.gateway.courier.mail import Mailer
from services.gateway.courier.prover import Prover
from services.gateway.courier.settle import Settler
from services.gateway.courier.sweeps import Sweeps
from services.gateway.desk import Desk, open_desk
from services.gateway.settings import CourierSettings
from services.gateway.store.outbox import CHANNEL
from shared.database import listen
from shared.handover import say_ready
from shared.queue import Queue

log = logging.getLogger("services.gateway.courier")

DRAIN_SECONDS = ATTEMPT_SECONDS + 2
"""A delivery that began in the last moment comes to its end, and into the log."""


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
        prover = Prover(desk)
        beside = [asyncio.create_task(one) for one in (sweeps.run(), Census(desk, queue).run(), prover.run())]
        beside.append(asyncio.create_task(_wake(settings.database_url, drains)))
        log.info("%s", settings.mail_server() or "nobody is written to: HOLDOUT_GATEWAY_MAIL_HOST is not set")
        log.info("ready")
        say_ready()
        await _told_to_stop([*work, *beside])
        prover.leave()
        await _cancelled(beside)
        await _leave(list(drains.values()), work)
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


async def _told_to_stop(work: Sequence[asyncio.Task[None]]) -> None:
    """Wait for a signal to stop; raises what breaks a task, none of which ends by itself."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    waiting = asyncio.create_task(stopped.wait())
    done, _ = await asyncio.wait([waiting, *work], return_when=asyncio.FIRST_COMPLETED)
    if waiting not in done:
        await _cancelled([waiting, *work])
    for task in done:
        task.result()


async def _leave(drains: Sequence[Drain], work: Sequence[asyncio.Task[None]]) -> None:
    """Take nothing more, finish what is under way, hand back what is not finished in time."""
    for drain in drains:
        drain.leave()
    await asyncio.gather(*work)
    await asyncio.gather(*(drain.finish(DRAIN_SECONDS) for drain in drains))


async def _cancelled(tasks: Sequence[asyncio.Task[Any]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
