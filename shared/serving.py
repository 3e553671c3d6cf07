"""The one way to serve an application of ours: bounded heads of requests, and an end that cuts nobody off."""

import asyncio
import functools
import socket
from collections.abc import Callable
from types import FrameType

import uvicorn
from fastapi import FastAPI

from shared.heads import HEAD_SECONDS, BoundedHeads

LINGER_SECONDS = 0.5
"""Long enough for one more look at /readyz by a proxy on this machine; a cluster sets its own grace before SIGTERM."""


class DrainingServer(uvicorn.Server):
    """Tells the application that it is to stop before it waits for the requests under way."""

    def __init__(self, config: uvicorn.Config, on_drain: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_drain = on_drain

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """SIGTERM or SIGINT has come."""
        self._on_drain()
        super().handle_exit(sig, frame)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen a moment longer, so that whoever asks /readyz hears that we are going."""
        await asyncio.sleep(LINGER_SECONDS)
        await super().shutdown(sockets)


def serve(
    app: FastAPI,
    host: str,
    port: int,
    drain_seconds: int = 30,
    on_drain: Callable[[], None] = lambda: None,
    trusted_proxies: str = "",
    head_seconds: float = HEAD_SECONDS,
) -> None:
    """Serve until SIGTERM; then finish what is under way within `drain_seconds`.

    `on_drain` is called first: those who wait for something can be answered, so that nobody waits for them.
    Of `trusted_proxies` (addresses or networks, with commas) it is believed whom they speak for.
    """
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        # It is called as the class is, which uvicorn asks for.
        http=functools.partial(BoundedHeads, head_seconds=head_seconds),  # type: ignore[arg-type]
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=drain_seconds,
        timeout_keep_alive=75,
        server_header=False,
        proxy_headers=bool(trusted_proxies),
        forwarded_allow_ips=trusted_proxies,
    )
    DrainingServer(config, on_drain).run()
