"""A part that comes too slowly is refused, and its room is for others."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from services.gateway.actions.parts import put_part
from services.gateway.desk import Desk
from services.gateway.intake import Incoming
from services.gateway.turnstile import Turnstile
from shared.errors import Refused
from tests.services.gateway.conftest import Team
from tests.services.gateway.hurrying import HurryingLoop
from tests.services.gateway.uploading import Uploading, opened

PART_BYTES = 512_000
LIMIT_SECONDS = 60 + 10.24


class Sender:
    """Sends `chunk_bytes` every `pause_seconds`, by the loop's clock."""

    def __init__(self, loop: HurryingLoop, chunk_bytes: int, pause_seconds: float) -> None:
        self._loop, self._chunk, self._pause_seconds = loop, bytes(chunk_bytes), pause_seconds

    async def body(self) -> AsyncIterator[bytes]:
        """As many as make a part."""
        for _ in range(PART_BYTES // len(self._chunk)):
            await self._loop.pass_time(self._pause_seconds)
            yield self._chunk


def send(desk: Desk, upload: Uploading, chunk_bytes: int, pause_seconds: float) -> float:
    """Send part 1 through a turnstile for one; how long it took. It must be free for another afterwards."""
    loop, turnstile, team = HurryingLoop(), Turnstile(per_team=1, in_all=1), upload.team.id

    async def run() -> None:
        part = Incoming(Sender(loop, chunk_bytes, pause_seconds).body())
        try:
            async with turnstile.passing(team):
                await put_part(desk, team, upload.id, 1, part)
        finally:
            async with asyncio.timeout(5), turnstile.passing(team):
                pass

    loop.run(run())
    return loop.ahead_seconds


@pytest.fixture
def upload(team: Team) -> Uploading:
    """An upload of one part."""
    return opened(team, bytes(PART_BYTES), part_bytes=PART_BYTES)


@pytest.mark.parametrize("pause_seconds", [29, 2, 0.5])
def test_a_part_that_trickles_in_is_cut_off_however_often_a_byte_comes(
    desk: Desk, upload: Uploading, pause_seconds: float
) -> None:
    with pytest.raises(Refused) as refused:
        send(desk, upload, 100, pause_seconds)
    assert refused.value.code == "upload-too-slow"
    assert "took longer than 70 seconds" in refused.value.sentence
    assert upload.view()["parts"] == []
    assert upload.put(1).is_success


def test_a_part_whose_sender_falls_silent_is_cut_off(desk: Desk, upload: Uploading) -> None:
    with pytest.raises(Refused) as refused:
        send(desk, upload, PART_BYTES // 2, 31)
    assert refused.value.code == "upload-too-slow"
    assert "no byte came for 30 seconds" in refused.value.sentence


def test_a_part_at_the_least_rate_gets_through(desk: Desk, upload: Uploading) -> None:
    assert send(desk, upload, PART_BYTES // 5, LIMIT_SECONDS / 5 - 1) > 60
    assert upload.view()["missing"] == []
