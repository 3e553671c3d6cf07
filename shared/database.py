"""PostgreSQL: one engine per process, transactions as context managers, and bells by LISTEN/NOTIFY."""

import asyncio
import contextlib
import logging
import select
from collections.abc import AsyncGenerator, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, cast

import psycopg
from sqlalchemy import URL, Connection, Dialect, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import DataError, DBAPIError, InvalidatePoolError, OperationalError
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
            # The few that are in use have their statements prepared.
            pool_use_lifo=True,
            connect_args={"application_name": name, "options": options, "connect_timeout": 5},
        )
        event.listen(self.engine, "checkout", partial(_refuse_broken, self.engine.dialect))
        self._sessions = sessionmaker(self.engine, expire_on_commit=False)
        self._looking = self.engine.execution_options(isolation_level="AUTOCOMMIT")
        self._single = sessionmaker(self._looking, expire_on_commit=False)

    @contextlib.contextmanager
    def begin(self) -> Iterator[Session]:
        """A transaction: committed at the end, rolled back on any exception; `Unavailable` when the server is away."""
        with _answering(), self._sessions.begin() as session:
            yield session
            _ring(session)

    @contextlib.contextmanager
    def one_by_one(self) -> Iterator[Session]:
        """Each statement is a transaction of its own: for one change, or for looking; a third of the round trips."""
        with _answering(), self._single.begin() as session:
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


def _refuse_broken(dialect: Dialect, connection: psycopg.Connection, *_: object) -> None:
    """Take a new connection for one whose server has gone.

    One that rests has nothing to say but its end: only where there is something, which the kernel knows in a
    microsecond, the server is asked whether it is there; always to ask would be a round trip each time.
    """
    try:
        if _says_something(connection):
            dialect.do_ping(cast(Any, connection))
    except psycopg.Error as error:
        raise InvalidatePoolError from error


def _says_something(connection: psycopg.Connection) -> bool:
    resting = select.poll()
    resting.register(connection.fileno(), select.POLLIN)
    return bool(resting.poll(0))


_BELLS = text(
    "SELECT pg_notify(bell.channel, bell.payload)"
    " FROM unnest(CAST(:channels AS text[]), CAST(:payloads AS text[])) AS bell (channel, payload)"
)


def notify(session: Session, channel: str, payload: str = "") -> None:
    """Ring `channel` when this transaction of `Database.begin` commits."""
    session.info.setdefault(_BELLS, {})[channel, payload] = None


def _ring(session: Session) -> None:
    """All bells of a transaction in one round trip, each of them once."""
    bells = session.info.pop(_BELLS, {})
    if bells:
        channels, payloads = zip(*bells, strict=True)
        session.execute(_BELLS, {"channels": list(channels), "payloads": list(payloads)})


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
