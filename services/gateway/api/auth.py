"""Who is asking: bearer keys to teams, and the scopes a route needs."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from services.gateway.api.throttle import BadTries
from services.gateway.apikeys import ApiKey, Scope, matches, read_key
from services.gateway.desk import Desk
from services.gateway.store import keys
from services.gateway.store.keys import Held
from services.gateway.tables import KeyRow
from shared.errors import Forbidden, Unauthenticated

bearer = HTTPBearer(auto_error=False, scheme_name="team_key", description="A key of your team, whole: `holdout_…`")


@dataclass(frozen=True, slots=True)
class Caller:
    """The team that asks, by which key, and the person who holds it (None: the team itself)."""

    team: UUID
    team_name: str
    key: str
    person: UUID | None
    scopes: tuple[str, ...]
    expires_at: datetime | None


def desk_of(request: Request) -> Desk:
    """The desk that `app.py` put on the application."""
    desk: Desk = request.app.state.desk
    return desk


DeskDep = Annotated[Desk, Depends(desk_of)]
Credentials = Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)]


def authenticate(request: Request, text: str, scope: Scope | None) -> Caller:
    """Who holds the key `text`, which came with a request; raises `Unauthenticated`, or `Forbidden` when the key lacks
    `scope`, if it needs one.

    Failures are counted for the address, and answered with `TooMany` when there were too many. A good key is served
    whatever others at its address do: with 256 random bits there is nothing to be guessed by trying on.
    """
    desk = desk_of(request)
    tries: BadTries = request.app.state.bad_tries
    address = request.client.host if request.client else ""
    key = read_key(text)
    with desk.database.one_by_one() as session:
        try:
            held = _judged(desk, key, keys.find(session, key.id) if key else None)
        except Unauthenticated:
            tries.check(address)
            tries.spend(address)
            raise
        if scope is not None and scope not in held.key.scopes:
            have = ", ".join(held.key.scopes)
            raise Forbidden("scope-missing", f"the key {held.key.id} has no {scope!r} scope; it has: {have}")
        keys.touch(session, held.key, desk.clock())
    row = held.key
    return Caller(held.team.id, held.team.name, row.id, row.account_id, tuple(row.scopes), row.expires_at)


def _judged(desk: Desk, key: ApiKey | None, held: Held | None) -> Held:
    """`held`, when `key` is its key and counts now."""
    if key is None:
        raise Unauthenticated("key-malformed", "this is not an API key (it may have been cut or mistyped)")
    stored = held.key.secret_digest if held else None
    if not matches(key, stored, desk.settings.key_pepper.get_secret_value()) or held is None:
        raise Unauthenticated("key-unknown", "there is no such API key")
    _refuse_ended(held.key, desk.clock())
    return held


def _refuse_ended(row: KeyRow, now: datetime) -> None:
    if row.revoked_at is not None:
        raise Unauthenticated("key-revoked", f"the key {row.id} has been revoked")
    if row.expires_at is not None and row.expires_at <= now:
        raise Unauthenticated("key-expired", f"the key {row.id} expired at {row.expires_at.isoformat()}")


def holder_of(scope: Scope) -> Callable[..., Any]:
    """A dependency: the caller, who must hold a key with `scope`."""

    def dependency(request: Request, credentials: Credentials) -> Caller:
        if credentials is None:
            raise Unauthenticated("key-missing", "this needs an API key", "send `Authorization: Bearer holdout_…`")
        return authenticate(request, credentials.credentials, scope)

    return dependency


Submitter = Annotated[Caller, Depends(holder_of("submit"))]
Reader = Annotated[Caller, Depends(holder_of("read"))]
Manager = Annotated[Caller, Depends(holder_of("manage"))]


def still_counts(request: Request, caller: Caller) -> None:
    """For an answer that stays open: raises `Unauthenticated` when the caller's key has ended meanwhile."""
    desk = desk_of(request)
    with desk.database.one_by_one() as session:
        row = session.get(KeyRow, caller.key)
    if row is not None:
        _refuse_ended(row, desk.clock())
