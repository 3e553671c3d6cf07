"""PostgreSQL: one engine per process, transactions as context managers, and bells by LISTEN/NOTIFY."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from sqlalchemy import URL, Connection, Engine, create_engine, func, make_url, select, text
from sqlalchemy.exc import DataError, DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session, sessionmaker

from shared.errors import Refused, Unavailable

log = logging.getLogger(__name__)


class Database:
    """A pool of connections. Statements end after 30 s and idle transactions after 60 s, so none hangs the rest."""

    def __init__(self, url: str, name: str, pool_size: int = 20) -> None:
        """`url` is `postgresql://user:password@host:port/database`; `name` is shown in pg_stat_activity."""
        self.url = url
        options = "-c statement_timeout=30000 -c idle_in_transaction_session_timeout=60000 -c timezone=UTC"
        self.engine: Engine = create_engine(
            _read(url),
            pool_size=pool_size,
            max_overflow=0,
            pool_timeout=10,
            pool_pre_ping=True,
            connect_args={"application_name": name, "options": options, "connect_timeout": 5},
        )
        self._sessions = sessionmaker(self.engine, expire_on_commit=False)
        self._looking = self.engine.execution_options(isolation_level="AUTOCOMMIT")

    @contextlib.contextmanager
    def begin(self) -> Iterator[Session]:
        """A transaction: committed at the end, rolled back on any exception; `Unavailable` when the server is away."""
        with _answering(), self._sessions.begin() as session:
            yield session

    @contextlib.contextmanager
    def look(self) -> Iterator[Connection]:
        """A connection for queries that need no transaction: half the work; `Unavailable` when the server is away."""
        with _answering(), self._looking.connect() as connection:
            yield connection

    def answers(self) -> bool:
        """Whether a query goes through right now."""
        try:
            with self.begin() as session:
                session.execute(text("SELECT 1"))
        except Unavailable:
            return False
        return True

    def close(self) -> None:
        """Let the connections go."""
        self.engine.dispose()


def _read(url: str) -> URL:
    """The one reading of an address: libpq's own takes other passwords for a mistake, and prints them."""
    return make_url(url).set(drivername="postgresql+psycopg")


@contextlib.contextmanager
def _answering() -> Iterator[None]:
    try:
        yield
    except (OperationalError, PoolTimeout) as error:
        raise Unavailable("database-unavailable", "the database does not answer") from error
    except DataError as error:
        raise Refused("text-invalid", "a text holds a character that cannot be kept (NUL)", "leave it out") from error
    except DBAPIError as error:
        if error.connection_invalidated:
            raise Unavailable("database-unavailable", "the database connection broke") from error
        raise


def notify(session: Session, channel: str, payload: str = "") -> None:
    """Ring `channel` when this transaction commits."""
    session.execute(select(func.pg_notify(channel, payload)))


@dataclass(frozen=True, slots=True)
class Bell:
    """A notification; `channel` is empty after a reconnect, when bells may have been missed."""

    channel: str
    payload: str


async def listen(url: str, channels: Sequence[str], name: str) -> AsyncGenerator[Bell, None]:
    """Bells as they ring, for ever. Reconnects by itself, with an empty bell each time it (re)connects."""
    address = _read(url)
    settings: dict[str, Any] = {"application_name": name, "connect_timeout": 5, "keepalives_idle": 10}
    settings |= address.get_dialect()().create_connect_args(address)[1]
    while True:
        try:
            connection = await psycopg.AsyncConnection.connect(autocommit=True, **settings)
            async with connection:
                for channel in channels:
                    await connection.execute(psycopg.sql.SQL("LISTEN {}").format(psycopg.sql.Identifier(channel)))
                yield Bell("", "")
                async for notice in connection.notifies():
                    yield Bell(notice.channel, notice.payload)
        except psycopg.Error as error:
            log.warning("no bells from the database (%s); connecting again", error)
        await asyncio.sleep(0.5)
