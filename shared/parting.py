"""A connection to a server that is to stop: ended only where its client knows of it, or has nothing to say.

Every answer that begins from then on says `Connection: close`, and the connection ends with it. One that is quiet stays
open until it has been quiet for `QUIET_SECONDS`: whoever sends on it until then is answered, and told.
"""

import asyncio
from collections.abc import Callable
from typing import Any

from shared.heads import BoundedHeads

QUIET_SECONDS = 7
"""Longer than httpx uses a quiet connection again (5 s), the gateway's own calls to quota among them. Clients that wait
longer look first whether their connection has ended: for them it is as with any server that ends quiet connections,
there is one moment, of a packet's way, in which they can have looked and not seen it."""

SECOND_LOOK_SECONDS = 0.05


class PartingConnection(BoundedHeads):
    """`draining` tells whether the server is to stop."""

    def __init__(self, *args: Any, draining: Callable[[], bool] = lambda: False, **more: Any) -> None:
        super().__init__(*args, **more)
        self._draining = draining
        self._quiet_since = self.loop.time()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Somebody is there, perhaps in the very last moment."""
        super().connection_made(transport)
        if self._draining():
            self.shutdown()

    def on_headers_complete(self) -> None:
        """A request; while we drain, the last one here."""
        super().on_headers_complete()
        if self._draining() and self.cycle is not None:
            self.cycle.keep_alive = False

    def on_response_complete(self) -> None:
        """An answer has been given."""
        self._quiet_since = self.loop.time()
        super().on_response_complete()

    def shutdown(self) -> None:
        """The server accepts nobody any more."""
        self.timeout_keep_alive = QUIET_SECONDS
        if self._is_answering():
            # An answer that has begun has not said so: its connection will be a quiet one.
            self.cycle.keep_alive = self.cycle.keep_alive and self.cycle.response_started
        elif self._held_bytes == 0:
            self._unset_keepalive_if_required()
            left = max(0.0, self._quiet_since + QUIET_SECONDS - self.loop.time())
            self.timeout_keep_alive_task = self.loop.call_later(left, self.timeout_keep_alive_handler)

    def timeout_keep_alive_handler(self) -> None:
        """Quiet for long enough. What has arrived and is not read yet would be lost: it is read before the second look,
        which then is not taken.
        """
        self.timeout_keep_alive_task = self.loop.call_later(SECOND_LOOK_SECONDS, super().timeout_keep_alive_handler)
