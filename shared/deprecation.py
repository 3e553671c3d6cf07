"""How the API takes its leave of something: says so in every answer for a year, and in the document, before it goes.

A route, or a parameter that is still taken, depends on a `Deprecation`; `Announcing` writes its fields into the answer,
errors included. docs/stability.md is the promise that this keeps.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime
from typing import Any

from fastapi import Depends, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

SHORTEST_NOTICE = timedelta(days=365)
"""Between the day from which something is deprecated and the day on which it may go."""

_STATE = "deprecation"


@dataclass(frozen=True, slots=True)
class Deprecation:
    """Deprecated since one day, not served from the other on; `instead` is the address of what to read about it."""

    since: date
    sunset: date
    instead: str

    def __post_init__(self) -> None:
        if self.sunset - self.since < SHORTEST_NOTICE:
            raise ValueError(f"what is deprecated on {self.since} goes no earlier than a year later, not {self.sunset}")

    def headers(self) -> dict[str, str]:
        """`Deprecation` (RFC 9745), `Sunset` (RFC 8594), and a link to what to do instead."""
        return {
            "Deprecation": f"@{int(_midnight(self.since).timestamp())}",
            "Sunset": format_datetime(_midnight(self.sunset), usegmt=True),
            "Link": f'<{self.instead}>; rel="deprecation"; type="text/html"',
        }

    def of_route(self) -> dict[str, Any]:
        """What the decorator of a deprecated route takes besides: `@router.get("/old", **LEAVING.of_route())`."""
        return {"deprecated": True, "dependencies": [Depends(self._announce)]}

    def of_parameter(self, name: str) -> Callable[[Request], None]:
        """A dependency of a route that still takes the query's `name`: announces it to those who send it.

        The parameter itself is declared with `deprecated=True`.
        """

        def announce(request: Request) -> None:
            if name in request.query_params:
                self._announce(request)

        return announce

    def _announce(self, request: Request) -> None:
        setattr(request.state, _STATE, self)


class Announcing:
    """ASGI middleware: an answer to a request that used something deprecated has the fields that say so."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""

        async def announced(message: Message) -> None:
            used: Deprecation | None = scope.get("state", {}).get(_STATE)
            if used is not None and message["type"] == "http.response.start":
                fields = [(name.lower().encode(), value.encode()) for name, value in used.headers().items()]
                message["headers"] = [*message["headers"], *fields]
            await send(message)

        await self.app(scope, receive, announced)


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
