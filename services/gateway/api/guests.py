"""Who asks for what anybody may see once it is published: a team with its key, or a guest without one."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Request

from services.gateway.api.auth import Credentials, holder_of

_reader = holder_of("read")


def team_or_guest(request: Request, credentials: Credentials) -> UUID | None:
    """The team that asks; None without a key. A key that is none is refused as everywhere."""
    if credentials is None:
        return None
    team: UUID = _reader(request, credentials).team
    return team


TeamOrGuest = Annotated[UUID | None, Depends(team_or_guest)]

KEY_OR_NONE: dict[str, Any] = {"security": [{}]}
"""The `openapi_extra` of such a route: beside the key, which the route names by itself, none will do."""
