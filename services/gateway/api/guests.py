"""Who looks at what is open to all: a team by its key, which sees more of it, or anybody.

What anybody may see is served whatever key comes. Where there is nothing that anybody may see, a key that does not count is
refused as everywhere, so that its owner does not look for the fault elsewhere.
"""

from collections.abc import AsyncIterator, Callable
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Request
from starlette.concurrency import run_in_threadpool

from services.gateway.api.auth import authenticate, bearer
from services.gateway.apikeys import Scope
from shared.errors import Missing, Refused


def looker(scope: Scope | None) -> Callable[[Request], AsyncIterator[UUID | None]]:
    """A dependency: the team whose key came with the request, None for anybody's; one with `scope`, where it needs any."""

    async def dependency(request: Request) -> AsyncIterator[UUID | None]:
        team, refusal = await _looking(request, scope)
        request.state.key_refusal = refusal
        try:
            yield team
        except Missing:
            if refusal is None:
                raise
            raise refusal from None

    return dependency


def has_bad_key(request: Request) -> bool:
    """Whether what is missing is refused for the key that came."""
    return request.state.key_refusal is not None


async def _looking(request: Request, scope: Scope | None) -> tuple[UUID | None, Refused | None]:
    """The team of the key that came, or why it is no team's; neither without a key."""
    credentials = await bearer(request)
    if credentials is None:
        return None, None
    try:
        return (await run_in_threadpool(authenticate, request, credentials.credentials, scope)).team, None
    except Refused as refusal:
        return None, refusal


Viewer = Annotated[UUID | None, Depends(looker(None))]
"""Of challenges and boards: private ones are there for the teams that they invite."""

TeamOrGuest = Annotated[UUID | None, Depends(looker("read"))]
"""Of results: a team sees its own before they are published."""

KEY_OR_NONE: dict[str, Any] = {"security": [{bearer.scheme_name: []}, {}]}
"""The `openapi_extra` of a route that `TeamOrGuest` looks at."""
