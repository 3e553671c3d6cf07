"""Refuse what cannot be taken before a byte of it is: the queue is full, or the team has its share of it.

Held-out splits have their own limit, the quota: only a queue that is full of the like, or of what goes before them,
refuses them. Counted when an upload begins, so those under way at once may go a little beyond a limit.
"""

import contextlib
import math
from collections.abc import Iterator, Sequence
from uuid import UUID

from sqlalchemy.orm import Session

from services.gateway.desk import Desk
from services.gateway.forecast import Waiting, until_fewer
from services.gateway.store import line
from services.gateway.store.challenges import Venue
from services.gateway.threads import STORAGE
from shared.errors import HoldoutError, TooMany, Unavailable
from shared.errors import Waiting as ComeBack

ROOM = 20
"""Come back when a twentieth of the limit is free: for one place alone the next would be refused again."""

SOONEST_SECONDS, UNKNOWN_SECONDS, LATEST_SECONDS = 5, 60, 3600

SAVED = "what was accepted is evaluated all the same; wait for some of it, or come back after Retry-After"


async def refuse_unstorable(desk: Desk) -> None:
    """Raise `Unavailable` when the storage takes nothing."""
    if not desk.shelf.is_open:
        await STORAGE.run(desk.shelf.check)


@contextlib.contextmanager
def admitting(desk: Desk, team: UUID, venue: Venue) -> Iterator[Session]:
    """A transaction for what is let in; raises `TooMany` when the team has as many evaluations open as it may,
    `Unavailable` when the whole queue is full.
    """
    try:
        with desk.database.begin() as session:
            _count(desk, session, team, venue)
            yield session
    except _Full as full:
        # Only now: the forecast takes a connection of its own, and a thread that held one would wait for itself.
        raise _refusal(desk, full) from None


class _Full(Exception):
    """There is no room beside so many: the team's own, or everybody's where `team` is None."""

    def __init__(self, limit: int, team: UUID | None) -> None:
        super().__init__(limit, team)
        self.limit, self.team = limit, team


def _count(desk: Desk, session: Session, team: UUID, venue: Venue) -> None:
    """Raise `_Full` when there is no room."""
    lane = line.lane_of(venue.split)
    most, own = desk.settings.longest_queue, desk.settings.open_evaluations
    if line.waiting(session, lane, most) >= most:
        raise _Full(most, None)
    if lane == line.UNLIMITED and line.open_of(session, team) >= own:
        raise _Full(own, team)


def _refusal(desk: Desk, full: _Full) -> HoldoutError:
    seconds = _come_back(desk, full.limit, full.team)
    if full.team is None:
        return Unavailable("queue-full", f"{full.limit:,} evaluations wait already", seconds, SAVED)
    return TooMany(
        "too-many-open",
        f"your team has {full.limit:,} files waiting for their evaluation, as many as it may",
        SAVED,
        ComeBack(seconds),
    )


def _come_back(desk: Desk, limit: int, team: UUID | None) -> int:
    """In how many seconds there is room again, by the forecast."""
    picture = desk.outlook.picture()
    ours: Sequence[Waiting] = [one for one in picture.line if team in (None, one.team)]
    seconds = until_fewer(ours, picture.expected, math.ceil(limit / ROOM))
    if seconds is None:
        return UNKNOWN_SECONDS
    return min(LATEST_SECONDS, max(SOONEST_SECONDS, math.ceil(seconds)))
