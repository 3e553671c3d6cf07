"""`/v1/keys`: the keys of my team and of myself: see, make, rotate, end them. Secrets are shown once, when made.
`/v1/key`: the one that a request comes with."""

from datetime import datetime, timedelta
from typing import Annotated, Literal, cast
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Request, Response
from pydantic import BaseModel, Field

from services.gateway.actions.keys import Holder, add_key, revoke_key, rotate_key
from services.gateway.api.auth import Caller, DeskDep, Manager, Reader
from services.gateway.api.views import MOMENT
from services.gateway.apikeys import ApiKey, Scope
from services.gateway.desk import Desk
from services.gateway.store import keys
from services.gateway.store.keys import Held
from shared.errors import Conflict, Forbidden, Missing, TooLarge, Unauthenticated, Unreadable
from shared.model import Model
from shared.web import json_body, problems, read_json

router = APIRouter(prefix="/v1", tags=["keys"])

KEY = "k7m2w9x4q3ab"
REFUSALS = (Unauthenticated, Forbidden)

Key = Annotated[str, Path(description="the key's visible id: what stands between the underscores", examples=[KEY])]


class KeyRequest(Model):
    """A key to make. Nobody can give a scope that their own key lacks."""

    label: str = Field("", max_length=80, examples=["nightly run"], description="what it is for")
    scopes: tuple[Scope, ...] = Field(("submit", "read"), min_length=1, examples=[["submit", "read"]])
    holder: Literal["team", "me"] | None = Field(
        None, description="me: ends when I leave the team; team: a pipeline's; by default, whose the asking key is"
    )
    days: float | None = Field(None, gt=0, le=3650, examples=[90], description="expires after so many days")


class KeyView(BaseModel):
    """A key, without its secret."""

    id: str = Field(examples=[KEY])
    label: str = Field(examples=["nightly run"])
    scopes: list[str] = Field(examples=[["submit", "read"]])
    team: str = Field(examples=["SuperVision"], description="the team it acts for")
    person: str | None = Field(examples=[None], description="who holds it; null: the team")
    created_at: datetime = Field(examples=[MOMENT])
    expires_at: datetime | None = Field(examples=[MOMENT])
    revoked_at: datetime | None = Field(examples=[None])
    last_used_at: datetime | None = Field(examples=[MOMENT], description="to the minute")


class NewKeyView(BaseModel):
    """A key that was just made."""

    key: KeyView
    secret: str = Field(
        description="the whole key, as it is sent: shown this once", examples=["holdout_k7m2w9x4q3ab_…"]
    )


async def key_request(request: Request) -> KeyRequest:
    """The body, strictly."""
    return await read_json(request, KeyRequest)


@router.get("/keys", operation_id="list_keys", summary="The keys of my team", responses=problems(*REFUSALS))
def list_keys(desk: DeskDep, caller: Manager) -> list[KeyView]:
    """Newest first, also those that have ended."""
    with desk.database.begin() as session:
        return [_view(held) for held in keys.of_team(session, caller.team)]


@router.get("/key", operation_id="read_current_key", summary="Who am I?", responses=problems(*REFUSALS))
def read_current_key(desk: DeskDep, caller: Reader) -> KeyView:
    """The key that this request came with: its team, holder, scopes and expiry."""
    return _view(_found(desk, caller.key))


@router.post(
    "/keys",
    operation_id="make_key",
    summary="Make a key",
    status_code=201,
    responses=problems(*REFUSALS, Conflict, TooLarge, Unreadable),
    openapi_extra=json_body(KeyRequest),
)
def make_key(
    response: Response, desk: DeskDep, caller: Manager, wanted: Annotated[KeyRequest, Depends(key_request)]
) -> NewKeyView:
    """For the team or for myself; at most two of one holder and label are live at a time. It does not outlive the key
    that makes it.
    """
    _refuse_more_rights(caller, wanted)
    expires_at = _no_later(caller, None if wanted.days is None else desk.clock() + timedelta(days=wanted.days))
    holder = Holder(caller.team, _holder(caller, wanted))
    return _made(desk, response, add_key(desk, holder, wanted.label, wanted.scopes, expires_at))


@router.post(
    "/keys/{key}/rotate",
    operation_id="rotate_key",
    summary="Make a key's successor",
    status_code=201,
    responses=problems(*REFUSALS, Missing, Conflict),
)
def rotate(response: Response, desk: DeskDep, caller: Manager, key: Key) -> NewKeyView:
    """Same holder, label, scopes and lifetime. Both work until the old one is deleted."""
    held = _mine(desk, caller, key)
    _refuse_more_rights(caller, KeyRequest(scopes=cast(tuple[Scope, ...], tuple(held.key.scopes))))
    return _made(desk, response, rotate_key(desk, held, caller.expires_at))


@router.delete(
    "/keys/{key}",
    operation_id="revoke_key",
    summary="End a key at once",
    status_code=204,
    responses=problems(*REFUSALS, Missing),
)
def revoke(desk: DeskDep, caller: Manager, key: Key) -> None:
    """No request that comes after this answer is served under it."""
    revoke_key(desk, _mine(desk, caller, key).key.id)


def _refuse_more_rights(caller: Caller, wanted: KeyRequest) -> None:
    more = [scope for scope in wanted.scopes if scope not in caller.scopes]
    if more:
        raise Forbidden("scope-missing", f"your key has no {more[0]!r} scope to give on", "ask for fewer scopes")


def _no_later(caller: Caller, moment: datetime | None) -> datetime | None:
    """What is made by a key that ends does not outlive it."""
    ends = [each for each in (caller.expires_at, moment) if each is not None]
    return min(ends) if ends else None


def _holder(caller: Caller, wanted: KeyRequest) -> UUID | None:
    """The person who is to hold the key; None: the team."""
    if wanted.holder == "me" and caller.person is None:
        raise Conflict("no-person", "your key is the team's, not a person's", "use holder: team, or a key of your own")
    return None if wanted.holder == "team" else caller.person


def _mine(desk: Desk, caller: Caller, key: str) -> Held:
    """A live key that the caller may change: the team's, or their own."""
    held = _found(desk, key)
    row = held.key
    ended = row.revoked_at is not None or (row.expires_at is not None and row.expires_at <= desk.clock())
    if ended or held.team.id != caller.team or row.account_id not in (None, caller.person):
        raise _missing(key)
    return held


def _found(desk: Desk, key: str) -> Held:
    with desk.database.begin() as session:
        held = keys.find(session, key)
    if held is None:
        raise _missing(key)
    return held


def _missing(key: str) -> Missing:
    return Missing("no-such-key", f"there is no live key with the id {key!r}", "GET /v1/keys lists them")


def _made(desk: Desk, response: Response, key: ApiKey) -> NewKeyView:
    response.headers["Cache-Control"] = "no-store"
    return NewKeyView(key=_view(_found(desk, key.id)), secret=key.text())


def _view(held: Held) -> KeyView:
    row = held.key
    return KeyView(
        id=row.id,
        label=row.label,
        scopes=row.scopes,
        team=held.team.name,
        person=held.person.name if held.person else None,
        created_at=row.created_at,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
        last_used_at=row.last_used_at,
    )
