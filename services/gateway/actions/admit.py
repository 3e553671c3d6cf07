"""Refuse what cannot be taken before a byte of it is: the queue is full, or the team has its share of it.

Held-out splits have their own limit, the quota: only a queue that is full of the like, or of what goes before them,
refuses them. Counted when an upload begins, so those under way at once may go a little beyond a limit.
"""

import math
from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.orm import Session

from services.gateway.desk import Desk
from services.gateway.forecast import Waiting, until_fewer
from services.gateway.store import line
from services.gateway.store.challenges import Venue
from services.gateway.threads import STORAGE
from shared.errors import TooMany, Unavailable
from shared.errors import Waiting as ComeBack

ROOM = 20
"""Come back when a twentieth of the limit is free: for one place alone the next would be refused again."""

SOONEST_SECONDS, UNKNOWN_SECONDS, LATEST_SECONDS = 5, 60, 3600

SAVED = "what was accepted is evaluated all the same; wait for some of it, or come back after Retry-After"


async def refuse_unstorable(desk: Desk) -> None:
    """Raise `Unavailable` when the storage takes nothing."""
    if not desk.shelf.is_open:
        await STORAGE.run(desk.shelf.check)


def refuse_full(desk: Desk, session: Session, team: UUID, venue: Venue) -> None:
    """Raise `TooMany` when the team has as many evaluations open as it may, `Unavailable` when the whole queue is full."""
    lane = line.lane_of(venue.split)
    most = desk.settings.longest_queue
    if line.waiting(session, lane, most) >= most:
        seconds = _come_back(desk, most)
        raise Unavailable("queue-full", f"{most:,} evaluations wait already", seconds, SAVED)
    own = desk.settings.open_evaluations
    if lane == line.UNLIMITED and line.open_of(session, team) >= own:
        raise TooMany(
            "too-many-open",
            f"your team has {own:,} files waiting for their evaluation, as many as it may",
            SAVED,
            ComeBack(_come_back(desk, own, team)),
        )


def _come_back(desk: Desk, limit: int, team: UUID | None = None) -> int:
    """In how many seconds there is room again, by the forecast."""
    picture = desk.outlook.picture()
    ours: Sequence[Waiting] = [one for one in picture.line if team in (None, one.team)]
    seconds = until_fewer(ours, picture.expected, math.ceil(limit / ROOM))
    if seconds is None:
        return UNKNOWN_SECONDS
    return min(LATEST_SECONDS, max(SOONEST_SECONDS, math.ceil(seconds)))
