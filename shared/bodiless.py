"""HEAD, for every route that has GET: the same answer, without its body. Stands before the routes, so that none says so."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send


class Bodiless:
    """ASGI middleware: asks the application as for GET, and gives on the head of its answer alone."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self.app(scope, receive, send)
            return

        async def send_head(message: Message) -> None:
            if message["type"] == "http.response.start":
                await send(message)
                # At once: to a stream without an end, the client is gone from here on.
                await send({"type": "http.response.body", "body": b"", "more_body": False})

        await self.app({**scope, "method": "GET"}, receive, send_head)
