"""The one way to serve an application of ours: bounded heads of requests, and an end that cuts nobody off."""

import asyncio
import functools
import logging
import socket
from types import FrameType

import uvicorn
from fastapi import FastAPI

from shared.handover import say_ready
from shared.heads import HEAD_SECONDS
from shared.parting import QUIET_SECONDS, PartingConnection
from shared.web import Readiness

log = logging.getLogger(__name__)

LINGER_SECONDS = 0.5
"""Long enough for one more look at /readyz by a proxy on this machine; a cluster sets its own grace before SIGTERM."""

DRAIN_SECONDS = 30
"""For the requests under way. What takes longer, an upload on a slow line, is sent in parts by whoever is wise."""

LOOK_SECONDS = 0.1
"""Between two looks at what is awaited."""


class DrainingServer(uvicorn.Server):
    """Says when it is ready, and tells the application that it is to stop before it waits for the requests under way."""

    def __init__(self, config: uvicorn.Config, readiness: Readiness) -> None:
        super().__init__(config)
        self._readiness = readiness
        self._saying: asyncio.Task[None] | None = None

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """SIGTERM or SIGINT has come."""
        self._readiness.drain()
        super().handle_exit(sig, frame)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen at once; say that we are ready once we are."""
        await super().startup(sockets)
        self._saying = asyncio.create_task(self._say_ready())

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Take no callers from a socket that we share: others do. Where we are alone, be there while old callers part."""
        if self._saying is not None:
            self._saying.cancel()
        if sockets is None:
            await self._listen_on()
        await super().shutdown(sockets)

    async def _listen_on(self) -> None:
        deadline = asyncio.get_running_loop().time() + QUIET_SECONDS
        for connection in list(self.server_state.connections):
            connection.shutdown()
        await asyncio.sleep(LINGER_SECONDS)
        # They are not told of each other: no event says that all are gone.
        while self.server_state.connections and asyncio.get_running_loop().time() < deadline:  # noqa: ASYNC110
            await asyncio.sleep(LOOK_SECONDS)

    async def _say_ready(self) -> None:
        # What we need is elsewhere: no event tells of it.
        while not all((await asyncio.to_thread(self._readiness.state)).values()):  # noqa: ASYNC110
            await asyncio.sleep(LOOK_SECONDS)
        log.info("ready")
        say_ready()


def serve(
    app: FastAPI,
    host: str,
    port: int,
    listen_fd: int | None = None,
    drain_seconds: int = DRAIN_SECONDS,
    trusted_proxies: str = "",
    head_seconds: float = HEAD_SECONDS,
) -> None:
    """Serve `app`, which has been equipped, until SIGTERM; then finish what is under way within `drain_seconds`.

    `listen_fd` is a listening socket that we were started with; it takes the place of `host` and `port`.
    Of `trusted_proxies` (addresses or networks, with commas) it is believed whom they speak for.
    """
    readiness: Readiness = app.state.readiness
    protocol = functools.partial(PartingConnection, head_seconds=head_seconds, draining=lambda: readiness.draining)
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        # It is called as the class is, which uvicorn asks for.
        http=protocol,  # type: ignore[arg-type]
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=drain_seconds,
        timeout_keep_alive=75,
        server_header=False,
        proxy_headers=bool(trusted_proxies),
        forwarded_allow_ips=trusted_proxies,
    )
    sockets = None if listen_fd is None else [socket.socket(fileno=listen_fd)]
    DrainingServer(config, readiness).run(sockets)
