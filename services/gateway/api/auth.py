"""Who is asking: bearer keys to teams, and the scopes a route needs."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from services.gateway.apikeys import Scope, matches, read_key
from services.gateway.desk import Desk
from services.gateway.store import teams
from shared.errors import Forbidden, Unauthenticated

bearer = HTTPBearer(auto_error=False, scheme_name="team_key", description="A key of your team, whole: `holdout_…`")


@dataclass(frozen=True, slots=True)
class Caller:
    """The team that asks, and by which key."""

    team: UUID
    team_name: str
    key: str


def desk_of(request: Request) -> Desk:
    """The desk that `app.py` put on the application."""
    desk: Desk = request.app.state.desk
    return desk


DeskDep = Annotated[Desk, Depends(desk_of)]
Credentials = Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)]


def authenticate(desk: Desk, text: str, scope: Scope) -> Caller:
    """The team that holds the key `text`; raises `Unauthenticated`, or `Forbidden` when the key lacks `scope`."""
    key = read_key(text)
    if key is None:
        raise Unauthenticated("key-malformed", "this is not an API key (it may have been cut or mistyped)")
    now = desk.clock()
    with desk.database.begin() as session:
        found = teams.find_key(session, key.id)
        stored = found[0].secret_digest if found else None
        if not matches(key, stored, desk.settings.key_pepper.get_secret_value()) or found is None:
            raise Unauthenticated("key-unknown", "there is no such API key")
        row, team = found
        if row.revoked_at is not None:
            raise Unauthenticated("key-revoked", f"the key {row.id} has been revoked")
        if row.expires_at is not None and row.expires_at <= now:
            raise Unauthenticated("key-expired", f"the key {row.id} expired at {row.expires_at.isoformat()}")
        if scope not in row.scopes:
            raise Forbidden(
                "scope-missing", f"the key {row.id} has no {scope!r} scope; it has: {', '.join(row.scopes)}"
            )
        teams.touch_key(session, row, now)
        return Caller(team.id, team.name, row.id)


def holder_of(scope: Scope) -> Callable[..., Any]:
    """A dependency: the caller, who must hold a key with `scope`."""

    def dependency(desk: DeskDep, credentials: Credentials) -> Caller:
        if credentials is None:
            raise Unauthenticated("key-missing", "this needs an API key", "send `Authorization: Bearer holdout_…`")
        return authenticate(desk, credentials.credentials, scope)

    return dependency


Submitter = Annotated[Caller, Depends(holder_of("submit"))]
Reader = Annotated[Caller, Depends(holder_of("read"))]
