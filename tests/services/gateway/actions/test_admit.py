"""Many who are refused at once: each with one connection at a time, so that none waits for another's."""

import contextlib
import dataclasses
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from uuid import UUID, uuid4

import pytest

from services.gateway.actions.submit import Metadata
from services.gateway.actions.uploads import Announced, open_upload
from services.gateway.desk import Desk
from services.gateway.outlook import Outlook
from services.gateway.store import challenges
from services.gateway.store.challenges import Venue
from shared.database import Database
from shared.errors import HoldoutError, TooMany, Unavailable
from tests.services.gateway.conftest import Team

FILE = b"1\n2\n3\n4\n"
CONNECTIONS, AT_ONCE = 2, 8
LONGEST_SECONDS = 3
"""Far below the 10 s for which a thread waits for a connection; far above what a refusal takes."""


@contextlib.contextmanager
def narrow(desk: Desk, **limits: int) -> Iterator[Desk]:
    """A desk with few connections, no forecast made yet, and these limits."""
    with contextlib.closing(Database(desk.database.url, "tests narrow", CONNECTIONS)) as database:
        settings = desk.settings.model_copy(update=limits)
        yield dataclasses.replace(desk, database=database, settings=settings, outlook=Outlook(database, desk.clock))


@pytest.mark.parametrize(
    ("limit", "error", "code"),
    [("longest_queue", Unavailable, "queue-full"), ("open_evaluations", TooMany, "too-many-open")],
)
def test_those_who_are_refused_at_once_wait_for_no_second_connection(
    team: Team, desk: Desk, limit: str, error: type[HoldoutError], code: str
) -> None:
    team.submit(FILE, "validation").raise_for_status()
    with desk.database.begin() as session:
        venue = challenges.venue(session, "tiny", "classification", "validation")
    start = Barrier(AT_ONCE)

    def refused(_: int) -> float:
        start.wait()
        began = time.monotonic()
        with pytest.raises(error, match=code):
            ask(poor, team.id, venue)
        return time.monotonic() - began

    with narrow(desk, **{limit: 1}) as poor, ThreadPoolExecutor(AT_ONCE) as threads:
        assert max(threads.map(refused, range(AT_ONCE))) < LONGEST_SECONDS


def ask(desk: Desk, team: UUID, venue: Venue) -> None:
    """Ask for room for a file of its own."""
    metadata = Metadata(f"method {uuid4().hex}", "", "provided", publish=False)
    open_upload(desk, team, venue, metadata, Announced(100, 100, None, None), lambda _: "")
