"""A place that must come back comes back, also one that the ledger hears of only after it was given back."""

import asyncio
import dataclasses
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta
from uuid import uuid4

from services.gateway.actions.settle import LATE, return_place
from services.gateway.allowance import Allowance
from services.gateway.courier.drain import Drain
from services.gateway.courier.settle import UNKNOWN, UNKNOWN_PAUSE_SECONDS, Settler
from services.gateway.desk import Desk
from services.gateway.store import outbox
from shared.challenge import Limits
from tests.services.gateway.conftest import Team
from tests.services.gateway.courier.draining import Moment, at, rows, running, until, waits, work_off

LIMITS = Limits(pool="tiny-test", places=2, window_seconds=7 * 24 * 3600)
"""Those of the test split."""

THREADS = 6
"""What asyncio has by default where there are two cores."""


def work_off_at(desk: Desk, moment: Moment) -> None:
    late = at(desk, moment)
    work_off(late, Drain(late, Settler(late), at_once=1))


def test_a_place_that_is_held_after_it_was_given_back_comes_back(desk: Desk, team: Team) -> None:
    submission, moment = uuid4(), Moment()
    moment.now = desk.clock()
    with desk.database.begin() as session:
        return_place(at(desk, moment), session, submission, "ours")
    work_off_at(desk, moment)
    (row,) = rows(desk)
    assert row.last_error == UNKNOWN
    assert waits(row, moment, UNKNOWN_PAUSE_SECONDS)
    # What the gateway asked for before it gave up comes now.
    desk.allowance.reserve(submission, team.id, LIMITS, 3600)
    assert team.remaining() == 1
    moment.now += timedelta(seconds=2 * UNKNOWN_PAUSE_SECONDS)
    with desk.database.begin() as session:
        session.merge(row).last_error = None
    work_off_at(desk, moment)
    assert rows(desk) == []
    assert team.remaining() == 2


def test_a_place_that_was_never_held_is_forgotten_after_a_while(desk: Desk) -> None:
    moment = Moment()
    with desk.database.begin() as session:
        return_place(at(desk, moment), session, uuid4(), "ours")
    moment.now += LATE
    work_off_at(desk, moment)
    assert rows(desk) == []


def test_settlements_to_a_silent_ledger_leave_the_threads_of_other_deeds_free(desk: Desk) -> None:
    asked, over = asyncio.Semaphore(0), asyncio.Event()

    async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        asked.release()
        await over.wait()
        writer.close()

    async def run() -> None:
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(THREADS))
        ledger = await asyncio.start_server(say_nothing, "127.0.0.1")
        port = ledger.sockets[0].getsockname()[1]
        with closing(Allowance(f"http://127.0.0.1:{port}", "token")) as allowance:
            silent = dataclasses.replace(desk, allowance=allowance)
            async with running(Drain(silent, Settler(silent), at_once=10)):
                for _ in range(THREADS):
                    await asked.acquire()
                async with asyncio.timeout(2.5):  # half of what a settlement waits for its answer
                    assert len(await asyncio.to_thread(rows, desk)) == 10
                ledger.close()
                over.set()
                await until(lambda: all(row.last_error for row in rows(desk)))

    with desk.database.begin() as session:
        for _ in range(10):
            owed = {"submission": str(uuid4()), "settlement": {"to": "returned", "fault": "ours"}}
            outbox.owe(session, "settle", owed, desk.clock())
    asyncio.run(run())
