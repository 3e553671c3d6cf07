"""Answers that come before the request's body has (413, 429, 401 …) reach their sender, and do not end in a reset.

A sender that is still writing reads no answer, and a connection closed under it loses the answer: so it is told at once
that the connection will close, what it still writes is taken and thrown away for a while, and only then it is closed.
"""

import asyncio
import contextlib

from starlette.types import ASGIApp, Message, Receive, Scope, Send

LINGER_SECONDS = 30.0
"""100 MB at 28 Mbit/s. As long as a server that is to stop waits for the requests under way."""

SMALL_BYTES, SMALL_SECONDS = 64 * 1024, 0.5
"""So much is taken before the answer, and the connection is kept: it is on its way already."""


class Lingering:
    """ASGI middleware: every answer to an unfinished request closes the connection, politely."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        exchange = _Exchange(scope, receive, send)
        await self.app(scope, exchange.receive, exchange.send)


class _Exchange:
    """One request and its answer: knows whether the body has been read to its end."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = dict(scope["headers"])
        length = headers.get(b"content-length", b"0")
        self._unread = b"transfer-encoding" in headers or length != b"0"
        # Whoever waits for leave to send (100 Continue) gets none by our reading.
        self._is_small = length.isdigit() and 0 < int(length) <= SMALL_BYTES and b"expect" not in headers
        self._closing = False
        self._receive, self._send = receive, send

    async def receive(self) -> Message:
        message = await self._receive()
        if message["type"] != "http.request" or not message.get("more_body", False):
            self._unread = False
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            await self._start(message)
        elif self._closing and not message.get("more_body", False):
            await self._send({**message, "more_body": True})
            await self._drain(LINGER_SECONDS)
            await self._send({"type": "http.response.body", "body": b"", "more_body": False})
        else:
            await self._send(message)

    async def _start(self, message: Message) -> None:
        if self._is_small:
            await self._drain(SMALL_SECONDS)
        self._closing = self._unread
        if self._closing:
            message["headers"] = [*message["headers"], (b"connection", b"close")]
        await self._send(message)

    async def _drain(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while self._unread:
                    await self.receive()
