"""The courier counts the scorers into the database, under the rights that it has in the queue."""

import asyncio
from datetime import timedelta

from deploy.stack.addresses import Addresses
from services.gateway.courier.census import Census
from services.gateway.desk import Desk
from services.gateway.store import fleet
from services.gateway.store.fleet import FRESH, Fleet
from shared.queue import Queue, QueueAddress
from shared.version import VERSION
from tests.shared.test_fleet import counted, lanes
from tests.shared.test_queue import working

NOWHERE = QueueAddress("127.0.0.1", 1, "nobody", "a password that opens nothing")


def seen(desk: Desk) -> Fleet:
    with desk.database.begin() as session:
        found = fleet.last(session)
    assert found is not None
    return found


def test_what_serve_reads_is_who_works_with_slots_and_version(desk: Desk, servers: Addresses) -> None:
    async def scene() -> None:
        queue = Queue(servers.queue_address("courier"))
        async with working(servers.queue_address("scorer"), *lanes("census", 3, 1)):
            await counted(queue, lambda found: sum(sign.name == "census" for sign in found) == 2)
            await Census(desk, queue).take()
        await queue.close()

    asyncio.run(scene())
    found = seen(desk)
    ours = {(sign.lane, sign.slots, sign.version) for sign in found.workers if sign.name == "census"}
    assert ours == {("evaluations", 3, VERSION), ("checks", 1, VERSION)}
    assert found.slots("evaluations") >= 3
    assert "census" in found.names("checks")
    assert found.queue_answers


def test_a_queue_that_is_away_is_written_down_and_takes_all_scorers_with_it(desk: Desk) -> None:
    async def scene() -> None:
        queue = Queue(NOWHERE)
        await Census(desk, queue).take()
        await queue.close()

    asyncio.run(scene())
    found = seen(desk)
    assert (found.queue_answers, found.workers, found.slots("evaluations")) == (False, (), 0)


def test_a_count_says_nothing_once_no_courier_has_counted_for_a_while(desk: Desk) -> None:
    now = desk.clock()
    with desk.database.begin() as session:
        fleet.note(session, now, [])
    found = seen(desk)
    assert found.is_fresh(now + FRESH)
    assert not found.is_fresh(now + FRESH + timedelta(seconds=1))
