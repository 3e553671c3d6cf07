"""How many bodies may be in memory at once, for each team and in all: parts of uploads, manifests, and forms with files.

A body waits here before it is read, so its sender is held back by the connection itself and nothing is refused. Each kind
has a turnstile of its own in every process, and a deadline that gives the place back.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from uuid import UUID

PER_TEAM = 4
"""4 × 8 MiB: one team's upload grows a gateway by 32 MiB, however many parts it sends at once."""

IN_ALL = 24
"""24 × 8 MiB = 192 MiB, however many teams send; slow ones cannot hold up the rest before six of them conspire."""

MANIFESTS_PER_TEAM, MANIFESTS_IN_ALL = 2, 8
"""8 × 8 MiB, and ten times that while they are read: a place is given back before the files of a form are taken."""

FORMS_PER_TEAM, FORMS_IN_ALL = 2, 32
"""Forms that bring a manifest and its files: 32 × 8 MiB = 256 MiB, what the file that is being taken has in memory. They may
last hours, so there are many places, and a manifest without files needs none."""


class Turnstile:
    """Lets so many through at once."""

    def __init__(self, per_team: int = PER_TEAM, in_all: int = IN_ALL) -> None:
        self._per_team = per_team
        self._in_all = asyncio.Semaphore(in_all)
        self._teams: dict[UUID, tuple[asyncio.Semaphore, int]] = {}

    @contextlib.asynccontextmanager
    async def passing(self, team: UUID) -> AsyncIterator[None]:
        """Wait for room in front of the block; the room is free again after it."""
        async with self._line_of(team) as line, line, self._in_all:
            yield

    @contextlib.asynccontextmanager
    async def _line_of(self, team: UUID) -> AsyncIterator[asyncio.Semaphore]:
        """The team's own line, forgotten when nobody stands in it."""
        line, standing = self._teams.get(team, (asyncio.Semaphore(self._per_team), 0))
        self._teams[team] = (line, standing + 1)
        try:
            yield line
        finally:
            standing = self._teams[team][1] - 1
            if standing:
                self._teams[team] = (line, standing)
            else:
                del self._teams[team]
