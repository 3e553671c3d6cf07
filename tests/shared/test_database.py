"""The database's address is read in one way, by the pool and by the bells, and its password is written nowhere."""

import asyncio
import contextlib
from collections.abc import Iterator
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import text
from sqlalchemy.engine import make_url

from deploy.stack.addresses import Addresses
from shared.database import Bell, Database, listen, notify

PASSWORDS = {"no percent-encoding": "50%zz", "a fragment": "half#half", "encoded": "a%40b%2Fc"}


@pytest.fixture(params=list(PASSWORDS.values()), ids=list(PASSWORDS))
def address(request: pytest.FixtureRequest, servers: Addresses) -> Iterator[str]:
    """The server's address for a role that has this password, as its operator has written it down."""
    admin = make_url(servers.database_url("admin"))
    url = f"postgresql://visitor-{uuid4().hex}:{request.param}@{admin.host}:{admin.port}/{admin.database}"
    role = make_url(url)
    with psycopg.connect(servers.database_url("admin"), autocommit=True) as operator:
        name, password = sql.Identifier(role.username or ""), sql.Literal(role.password)
        operator.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(name, password))
        # Here nobody may connect who was not told so.
        operator.execute(sql.SQL("GRANT CONNECT ON DATABASE postgres TO {}").format(name))
        yield url
        operator.execute(sql.SQL("REVOKE CONNECT ON DATABASE postgres FROM {}").format(name))
        operator.execute(sql.SQL("DROP ROLE {}").format(name))


async def first_bells(url: str, channel: str) -> list[Bell]:
    """The bell of the connection, and the one that is rung then."""
    heard = []
    with contextlib.closing(Database(url, "tests ring", pool_size=1)) as database:
        async with asyncio.timeout(10), contextlib.aclosing(listen(url, [channel], "tests listen")) as bells:
            async for bell in bells:
                heard.append(bell)
                if bell.channel:
                    return heard
                await asyncio.to_thread(ring, database, channel)
    raise AssertionError("bells do not end")


def ring(database: Database, channel: str) -> None:
    with database.begin() as session:
        notify(session, channel, "dinner")


def test_bells_ring_whatever_the_password_and_it_is_logged_nowhere(
    address: str, caplog: pytest.LogCaptureFixture
) -> None:
    channel = f"tests_{uuid4().hex}"
    assert asyncio.run(first_bells(address, channel)) == [Bell("", ""), Bell(channel, "dinner")]
    assert caplog.messages == []


def test_an_address_that_is_wrong_is_tried_again_and_logged_without_its_password(
    servers: Addresses, caplog: pytest.LogCaptureFixture
) -> None:
    admin = make_url(servers.database_url("admin"))
    url = f"postgresql://{admin.username}:secret%zz@{admin.host}:{admin.port}/{admin.database}"
    with pytest.raises(TimeoutError):
        asyncio.run(heard_within(url, 1))
    assert "no bells from the database" in caplog.text
    assert "secret" not in caplog.text


async def heard_within(url: str, timeout_seconds: float) -> Bell:
    async with asyncio.timeout(timeout_seconds):
        return await anext(listen(url, ["tests"], "tests listen"))


def ended(admin: str, name: str) -> int:
    """How many connections of this name the server has ended, and has said so."""
    query = "SELECT count(pg_terminate_backend(pid, 10000)) FROM pg_stat_activity WHERE application_name = %s"
    with psycopg.connect(admin, autocommit=True) as operator:
        row = operator.execute(query, [name]).fetchone()
    return row[0] if row else 0


def test_a_resting_connection_that_the_server_has_ended_is_replaced_before_anybody_uses_it(servers: Addresses) -> None:
    admin, name = servers.database_url("admin"), f"tests {uuid4().hex}"
    with contextlib.closing(Database(admin, name, pool_size=1)) as database:
        for each in (database.begin, database.one_by_one, database.look):
            for _ in range(2):
                with each() as session:
                    assert session.execute(text("SELECT 1")).scalar_one() == 1
                assert ended(admin, name) == 1


def test_what_is_done_one_by_one_stays_whatever_comes_after_it(servers: Addresses) -> None:
    table = f"tests_{uuid4().hex}"
    with contextlib.closing(Database(servers.database_url("admin"), "tests", pool_size=1)) as database:
        with contextlib.suppress(ZeroDivisionError), database.one_by_one() as session:
            session.execute(text(f"CREATE TABLE {table} (number int)"))
            raise ZeroDivisionError
        with database.begin() as session:
            session.execute(text(f"DROP TABLE {table}"))
