"""The head of a request, kept within bounds before anything of ours sees it: so many bytes, lines and seconds.

Stands between uvicorn and its parser, which take as much as is sent, for as long as it takes.
"""

import asyncio
import secrets
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from shared.errors import HeadTooLarge, HeadTooSlow, Refused
from shared.web import problem_response, request_id

HEAD_BYTES = 64 * 1024
"""Four times what proxies take by default; also of what follows a chunked body."""

HEAD_LINES = 100
"""As many as other servers take."""

HEAD_SECONDS = 30.0
"""From a connection's opening, or the first byte of its next request, to the empty line."""

LINGER_SECONDS = 1.0
"""Whoever still writes reads no answer, and loses it if the connection is closed under them."""


class BoundedHeads(HttpToolsProtocol):
    """uvicorn's protocol, which answers a head beyond the bounds, or one that is no HTTP, with a problem, and closes."""

    def __init__(self, *args: Any, head_seconds: float = HEAD_SECONDS, **more: Any) -> None:
        super().__init__(*args, **more)
        self._head_seconds = head_seconds
        self._deadline: asyncio.TimerHandle | None = None
        self._in_head = True
        # What the parser may be holding: all that came since it last gave something on.
        self._held_bytes = 0
        self._refusal: Refused | None = None
        self._refused = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Somebody is there; their first request is awaited."""
        super().connection_made(transport)
        self._expect_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """They are gone."""
        self._expect_no_head()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Bytes have come; thrown away where the answer is given already."""
        if self._refused:
            return
        if self._in_head and self._deadline is None:
            self._expect_head()
        self._held_bytes += len(data)
        super().data_received(data)
        if self._held_bytes > HEAD_BYTES and not self._refused:
            self._refuse(_too_large())

    def on_header(self, name: bytes, value: bytes) -> None:
        """One line of the head, or of what follows a chunked body."""
        super().on_header(name, value)
        if len(self.headers) > HEAD_LINES:
            self._fail(_too_large())

    def on_headers_complete(self) -> None:
        """The head is whole; it may have come with more bytes than it may have, all at once."""
        if len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers) > HEAD_BYTES:
            self._fail(_too_large())
        self._expect_no_head()
        self._in_head = False
        self._held_bytes = 0
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """A piece of the body is given on."""
        self._held_bytes = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The request is whole; another may follow."""
        self._held_bytes = 0
        self._in_head = True
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - the name is uvicorn's
        """The parser has stopped: for what we refused, or because this is no HTTP."""
        malformed = Refused("http-malformed", "this is not an HTTP/1.1 request", "send it by an HTTP client")
        self._refuse(self._refusal or malformed)

    def _fail(self, refusal: Refused) -> None:
        """Stop the parser, from within one of its calls."""
        self._refusal = refusal
        raise refusal

    def _refuse(self, refusal: Refused) -> None:
        self._refused = True
        self._expect_no_head()
        if self.transport.is_closing():
            return
        if self._is_answering():
            self.transport.close()
            return
        self.transport.write(_answer(refusal))
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self.loop.call_later(LINGER_SECONDS, self.transport.close)

    def _is_answering(self) -> bool:
        """Whether an earlier answer is under way on this connection: another must not be written into it."""
        cycle: RequestResponseCycle | None = self.cycle
        return cycle is not None and not cycle.response_complete

    def _expect_head(self) -> None:
        self._deadline = self.loop.call_later(self._head_seconds, self._give_up)

    def _expect_no_head(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _give_up(self) -> None:
        if self._is_answering():
            self._expect_head()
        elif self._held_bytes == 0:
            self.transport.close()
        else:
            self._refuse(HeadTooSlow("head-too-slow", f"the head took longer than {self._head_seconds:g} seconds"))


def _too_large() -> HeadTooLarge:
    return HeadTooLarge(
        "head-too-large",
        f"the head of the request is over {HEAD_LINES} lines or {HEAD_BYTES:,} bytes",
        "send fewer or shorter header fields; what is long belongs into the body",
    )


def _answer(refusal: Refused) -> bytes:
    """`refusal` as the bytes of a whole answer; its request never got an address or an id."""
    name = secrets.token_hex(8)
    token = request_id.set(name)
    try:
        problem = problem_response(refusal, "")
    finally:
        request_id.reset(token)
    headers = [*problem.raw_headers, (b"x-request-id", name.encode()), (b"connection", b"close")]
    lines = b"".join(key + b": " + value + b"\r\n" for key, value in headers)
    return STATUS_LINE[refusal.status] + lines + b"\r\n" + bytes(problem.body)
