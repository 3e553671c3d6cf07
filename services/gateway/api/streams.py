"""What happens, as it happens, over one answer that stays open: server-sent events, or JSON Lines. Woken by the bells."""

import json
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool
from starlette.responses import StreamingResponse

from services.gateway.api.bells import Bells, rung
from shared.errors import HoldoutError

MEDIA = "text/event-stream"
LINES = "application/x-ndjson"
HEARTBEAT_SECONDS = 15.0
"""Below the idle limits of common proxies (30 to 60 s), and soon enough to notice that a reader has gone."""
HEARTBEAT = ": still here\n\n"
HEARTBEATS = {MEDIA: HEARTBEAT, LINES: "\n"}

_EVENTS = (
    "Server-sent events have `id` (a reader that connects again says the last as `Last-Event-ID`), `event` (what it is) and "
    "`data` (JSON); comments between them are heartbeats."
)
_HEADERS = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}


@dataclass(frozen=True, slots=True)
class Frame:
    """One event. `id` comes back as `Last-Event-ID` when a reader connects again."""

    id: str
    event: str
    data: BaseModel

    def text(self) -> str:
        """As it is sent; JSON has no line ends."""
        return f"id: {self.id}\nevent: {self.event}\ndata: {self.data.model_dump_json()}\n\n"

    def line(self) -> str:
        """The same as one JSON object in a line."""
        named = json.dumps({"id": self.id, "event": self.event})
        return f'{named[:-1]}, "data": {self.data.model_dump_json()}}}\n'


@dataclass(frozen=True, slots=True)
class Step:
    """What is new; `last` ends the stream, `more` asks to look again at once."""

    frames: Sequence[Frame]
    more: bool = False
    last: bool = False


def stream(
    bells: Bells,
    names: Sequence[str],
    step: Callable[[], Step],
    heartbeat_seconds: float = HEARTBEAT_SECONDS,
    media: str = MEDIA,
) -> StreamingResponse:
    """An answer that takes a `step` (in a thread) whenever one of `names` rings, and at each heartbeat.

    It ends with the last step, when we are to stop, and with a step that is refused: a key that was revoked meanwhile.
    """
    return StreamingResponse(_frames(bells, names, step, heartbeat_seconds, media), media_type=media, headers=_HEADERS)


async def _frames(
    bells: Bells, names: Sequence[str], step: Callable[[], Step], heartbeat_seconds: float, media: str
) -> AsyncIterator[str]:
    with bells.expecting(*names) as bell:
        while not bells.closing:
            bell.clear()
            try:
                taken = await run_in_threadpool(step)
            except HoldoutError:
                return
            for frame in taken.frames:
                yield frame.text() if media == MEDIA else frame.line()
            if taken.last:
                return
            if not taken.more and not await rung(bell, heartbeat_seconds):
                yield HEARTBEATS[media]


def streamed(description: str) -> dict[int | str, dict[str, Any]]:
    """The `responses` entry of a route that can answer with a stream. Told in words: to some tools a stream is a text, to
    others an object an event, and a schema is wrong for one of them.
    """
    return {200: {"description": f"{description} {_EVENTS}", "content": {MEDIA: {}}}}
