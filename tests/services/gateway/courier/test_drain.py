"""A drain does every row once, keeps to the schedule of what fails, and lets nothing slow or broken hold up the rest."""

import asyncio
import dataclasses
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from contextlib import closing
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import update

from deploy.stack.addresses import Addresses
from services.gateway.courier.deliver import Deliverer
from services.gateway.courier.drain import Drain, Later, Never
from services.gateway.desk import Desk
from services.gateway.store import outbox
from services.gateway.store.outbox import Kind
from services.gateway.tables import OutboxRow
from shared.database import Database
from tests.faults.links import Links
from tests.services.gateway.courier.draining import Moment, at, rows, running, until, waits, work_off


class Doing:
    """A deed that does what the test says."""

    kind: Kind = "settle"
    schedule: Sequence[float] = (1, 10)
    ends = False
    lease = timedelta(seconds=30)

    def __init__(self, act: Callable[[dict[str, Any]], Awaitable[None]]) -> None:
        self._act = act

    async def act(self, payload: dict[str, Any]) -> None:
        await self._act(payload)


def owe(desk: Desk, *names: object) -> None:
    with desk.database.begin() as session:
        for name in names:
            outbox.owe(session, "settle", {"name": name}, desk.clock())


def test_what_is_owed_is_done_once_and_struck_out(desk: Desk) -> None:
    done: list[Any] = []

    async def act(payload: dict[str, Any]) -> None:
        done.append(payload["name"])

    owe(desk, "a", "b", "c")
    assert work_off(desk, Drain(desk, Doing(act), at_once=2)) is None
    assert sorted(done) == ["a", "b", "c"]


def test_a_row_of_another_kind_is_left_alone(desk: Desk) -> None:
    async def act(payload: dict[str, Any]) -> None:
        assert "name" in payload

    with desk.database.begin() as session:
        outbox.owe(session, "evaluate", {}, desk.clock())
    owe(desk, "a")

    async def run() -> None:
        async with running(Drain(desk, Doing(act), at_once=2)):
            await until(lambda: len(rows(desk)) == 1)

    asyncio.run(run())
    (left,) = rows(desk)
    assert (left.kind, left.attempts) == ("evaluate", 0)


def test_a_bell_starts_what_is_owed_at_once(desk: Desk) -> None:
    done = asyncio.Event()

    async def act(_: dict[str, Any]) -> None:
        done.set()

    async def run() -> None:
        drain = Drain(desk, Doing(act), at_once=2)
        async with running(drain):
            await asyncio.to_thread(owe, desk, "a")
            drain.wake()
            async with asyncio.timeout(3):  # less than the nap of a drain that heard no bell
                await done.wait()

    asyncio.run(run())


def failed_with(desk: Desk, error: str) -> bool:
    return rows(desk)[0].last_error == error


class Delivering(Doing):
    """Fails as a delivery does."""

    schedule = Deliverer.schedule
    ends = Deliverer.ends
    lease = Deliverer.lease


def test_a_delivery_that_fails_is_tried_fifteen_times_over_seven_days_and_then_kept_as_given_up(desk: Desk) -> None:
    moment = Moment()
    start = moment.now
    tries: list[timedelta] = []

    async def act(_: dict[str, Any]) -> None:
        tries.append(moment.now - start)
        raise Later(f"failure {len(tries)}")

    async def run() -> None:
        drain = Drain(at(desk, moment), Delivering(act), at_once=1)
        async with running(drain):
            for number, wait in enumerate(Delivering.schedule, 1):
                await until(partial(failed_with, desk, f"failure {number}"))
                (row,) = rows(desk)
                assert row.given_up_at is None
                assert waits(row, moment, wait), (number, row.next_attempt_at - moment.now)
                moment.now = row.next_attempt_at
                drain.wake()
            await until(lambda: rows(desk)[0].given_up_at)

    owe(at(desk, moment), "a")
    asyncio.run(run())
    (row,) = rows(desk)
    assert (len(tries), row.attempts, row.last_error) == (15, 15, "failure 15")
    assert tries[-1] >= timedelta(days=7)
    assert sum(Delivering.schedule) >= timedelta(days=7).total_seconds(), "without the luck of the jitter"


def test_a_deed_that_must_be_done_is_tried_for_ever_with_the_last_wait(desk: Desk) -> None:
    moment = Moment()

    async def act(_: dict[str, Any]) -> None:
        raise Later("not yet")

    owe(at(desk, moment), "a")
    with desk.database.begin() as session:
        session.execute(update(OutboxRow).values(attempts=100))
    row = work_off(desk, Drain(at(desk, moment), Doing(act), at_once=1))
    assert row is not None
    assert row.given_up_at is None
    assert waits(row, moment, 10)


def test_a_deed_that_breaks_in_an_unforeseen_way_is_logged_and_postponed_as_any_failure(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    moment = Moment()

    async def act(_: dict[str, Any]) -> None:
        raise ZeroDivisionError("of all things")

    owe(at(desk, moment), "a")
    row = work_off(desk, Drain(at(desk, moment), Doing(act), at_once=1))
    assert row is not None
    assert (row.attempts, row.last_error) == (1, "ZeroDivisionError: of all things")
    assert waits(row, moment, 1)
    assert any(record.exc_info and record.exc_info[0] is ZeroDivisionError for record in caplog.records)


def test_a_slow_deed_delays_no_other(desk: Desk) -> None:
    done: list[Any] = []

    async def run() -> None:
        release = asyncio.Event()

        async def act(payload: dict[str, Any]) -> None:
            if payload["name"] == "slow":
                await release.wait()
            done.append(payload["name"])

        async with running(Drain(desk, Doing(act), at_once=2)):
            await until(lambda: [row.payload["name"] for row in rows(desk)] == ["slow"])
            assert sorted(done) == [1, 2, 3, 4, 5]
            release.set()
            await until(lambda: not rows(desk))

    owe(desk, "slow", 1, 2, 3, 4, 5)
    asyncio.run(run())


def test_two_drains_never_do_one_row_at_the_same_time(desk: Desk) -> None:
    busy: Counter[int] = Counter()
    done: Counter[int] = Counter()
    most = 0

    async def act(payload: dict[str, Any]) -> None:
        nonlocal most
        name = payload["name"]
        busy[name] += 1
        assert busy[name] == 1
        most = max(most, busy.total())
        await asyncio.sleep(0.005)
        busy[name] -= 1
        done[name] += 1

    async def run() -> None:
        async with running(*(Drain(desk, Doing(act), at_once=5) for _ in range(2))):
            await until(lambda: not rows(desk))

    owe(desk, *range(60))
    asyncio.run(run())
    assert done == Counter(range(60))
    assert most > 5, "both had a hand in it"


def test_a_row_whose_courier_died_is_done_by_another_after_its_lease(desk: Desk) -> None:
    moment = Moment()
    done: list[Any] = []

    async def act(payload: dict[str, Any]) -> None:
        done.append(payload["name"])

    owe(at(desk, moment), "a")
    with desk.database.begin() as session:
        assert outbox.claim(session, "settle", moment.now, Doing.lease, 1)
        assert not outbox.claim(session, "settle", moment.now, Doing.lease, 1), "it is taken"
    moment.now += Doing.lease
    assert work_off(desk, Drain(at(desk, moment), Doing(act), at_once=1)) is None
    assert done == ["a"]


def test_who_leaves_finishes_what_is_under_way_hands_back_the_rest_at_once_and_takes_nothing_more(desk: Desk) -> None:
    begun, finish = Counter[str](), asyncio.Event()

    async def act(payload: dict[str, Any]) -> None:
        begun[payload["name"]] += 1
        await (finish.wait() if payload["name"] == "quick" else asyncio.Event().wait())

    async def run() -> None:
        drain = Drain(desk, Doing(act), at_once=3)
        loop = asyncio.create_task(drain.run())
        await until(lambda: begun.total() == 2)
        drain.leave()
        await loop
        await asyncio.to_thread(owe, desk, "late")
        finish.set()
        await drain.finish(0.5)

    owe(desk, "quick", "hangs")
    asyncio.run(run())
    assert begun == {"quick": 1, "hangs": 1}
    left = {row.payload["name"]: row for row in rows(desk)}
    assert set(left) == {"hangs", "late"}
    # As if it had never been claimed, and due for whoever comes next.
    assert (left["hangs"].attempts, left["hangs"].leased_until, left["hangs"].last_error) == (0, None, None)
    assert left["hangs"].next_attempt_at <= desk.clock()


def test_what_was_claimed_by_another_after_its_lease_is_not_handed_back(desk: Desk) -> None:
    moment = Moment()
    still = at(desk, moment)
    owe(still, "a")
    with still.database.begin() as session:
        (mine,) = outbox.claim(session, "settle", still.clock(), Doing.lease, 1)
    moment.now += 2 * Doing.lease
    with still.database.begin() as session:
        (theirs,) = outbox.claim(session, "settle", still.clock(), Doing.lease, 1)
        outbox.hand_back(session, [mine], still.clock())
    (left,) = rows(still)
    assert (left.attempts, left.leased_until) == (2, theirs.leased_until)


@pytest.mark.parametrize("end", ["done", "later", "never"])
@pytest.mark.parametrize("since", ["postponed by another", "redriven"])
def test_a_courier_that_stood_still_past_its_lease_changes_nothing_of_what_has_become_of_the_row(
    desk: Desk, end: str, since: str
) -> None:
    moment = Moment()
    still = at(desk, moment)
    ends: dict[str, Exception | None] = {"done": None, "later": Later("mine", 3600), "never": Never("mine")}
    meanwhile: list[OutboxRow] = []

    async def act(_: dict[str, Any]) -> None:
        drain.leave()
        moment.now += 2 * Doing.lease
        await asyncio.to_thread(others_have_it, still, since)
        meanwhile.extend(rows(still))
        if (raised := ends[end]) is not None:
            raise raised

    async def run() -> None:
        await drain.run()
        await drain.finish(10)

    drain = Drain(still, Doing(act), at_once=1)
    owe(still, "a")
    asyncio.run(run())
    assert len(meanwhile) == 1
    assert [as_kept(row) for row in rows(still)] == [as_kept(row) for row in meanwhile]


def others_have_it(desk: Desk, since: str) -> None:
    """What is done with the only row while its first courier stands still."""
    with desk.database.begin() as session:
        if since == "redriven":
            outbox.redrive(session, OutboxRow.kind == "settle", desk.clock())
            return
        (theirs,) = outbox.claim(session, "settle", desk.clock(), Doing.lease, 1)
        assert outbox.postpone(session, theirs, desk.clock() + timedelta(minutes=5), "theirs")


def as_kept(row: OutboxRow) -> tuple[object, ...]:
    return row.id, row.attempts, row.next_attempt_at, row.leased_until, row.given_up_at, row.last_error


def test_what_is_redriven_under_lease_is_still_ended_by_whoever_has_it(desk: Desk) -> None:
    moment = Moment()
    still = at(desk, moment)
    owe(still, "a")
    with still.database.begin() as session:
        (mine,) = outbox.claim(session, "settle", still.clock(), Doing.lease, 1)
    with still.database.begin() as session:
        outbox.redrive(session, OutboxRow.id == mine.id, still.clock())
        assert outbox.done(session, mine)
    assert rows(still) == []


def test_how_a_deed_ended_is_written_down_when_the_database_is_back_and_it_is_not_done_again(
    desk: Desk, servers: Addresses
) -> None:
    line = ("courier", "postgres")
    links = Links({line: lambda: servers.ports["postgres"]})
    detour = Addresses({**servers.ports, "postgres": links.port(line)}, servers.secrets)
    done: list[Any] = []

    async def act(payload: dict[str, Any]) -> None:
        done.append(payload["name"])
        broken.set()
        await hurt.wait()

    async def run(beyond: Desk) -> None:
        async with running(Drain(beyond, Doing(act), at_once=1)):
            await broken.wait()
            with links.turned([line], "cut"):
                hurt.set()
                await until(lambda: links.refused(line))
            await until(lambda: not rows(desk))

    broken, hurt = asyncio.Event(), asyncio.Event()
    owe(desk, "a")
    with closing(Database(detour.database_url("gateway"), "tests of drains", 2)) as database:
        asyncio.run(run(dataclasses.replace(desk, database=database)))
    links.close()
    assert done == ["a"]
