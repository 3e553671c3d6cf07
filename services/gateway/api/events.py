"""`GET /v1/events`: a team's events in order, for those who cannot receive webhooks."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request
from pydantic import BaseModel, Field
from typing_extensions import TypeAliasType

from services.gateway.api.auth import Caller, DeskDep, Reader, desk_of, still_counts
from services.gateway.api.bells import Bells
from services.gateway.api.streams import MEDIA, Frame, Step, stream, streamed
from services.gateway.api.views import MOMENT, SUBMISSION
from services.gateway.api.waiting import WAIT_SECONDS
from services.gateway.api.words import EventWord
from services.gateway.desk import Desk
from services.gateway.store import events
from services.gateway.tables import EventRow
from shared.errors import Forbidden, Refused, Unauthenticated
from shared.messages import event_name
from shared.web import problems

router = APIRouter(prefix="/v1/events", tags=["events"])

LAST_POSITION = 2**63 - 1
MOST_EVENTS = 100
EVENT = "msg_7a6f3f0e6a0e4a8e9c0e0d9d6f1f2b11"

EventData = TypeAliasType("EventData", dict[str, Any])


class EventView(BaseModel):
    """An event as an endpoint receives it, with its name and place."""

    id: str = Field(examples=[EVENT], description="the same as `webhook-id`")
    position: int = Field(examples=[57], description="counts the team's events, from 1 and without gaps")
    type: EventWord = Field(examples=["evaluation.scored"])
    timestamp: datetime = Field(examples=[MOMENT])
    data: EventData = Field(examples=[{"submission": SUBMISSION, "outcome": "scored", "sequence": 1}])


class EventPage(BaseModel):
    """Events in order; `next` is what to say as `after` next time, also when there are none."""

    items: list[EventView]
    next: int = Field(examples=[57])


@router.get(
    "",
    operation_id="list_events",
    summary="My team's events in order; with ?wait=60 as soon as there is one",
    response_model=EventPage,
    responses=problems(Refused, Unauthenticated, Forbidden)
    | streamed("A page of events; with `Accept: text/event-stream`, all of them and those to come."),
)
async def list_events(
    request: Request,
    desk: DeskDep,
    caller: Reader,
    after: Annotated[int, Query(ge=0, le=LAST_POSITION, description="the position read last; 0 is the beginning")] = 0,
    limit: Annotated[int, Query(ge=1, le=MOST_EVENTS, description="how many in a page")] = 50,
    wait: Annotated[float, Query(ge=0, le=WAIT_SECONDS, description="seconds to wait for an event")] = 0,
    last_event_id: Annotated[str | None, Header(description="where a stream broke off; counts before `after`")] = None,
) -> Any:
    """Ask with `after=0` once, then always with `next`: nothing is missed and nothing comes twice. Kept for a year."""
    bells: Bells = request.app.state.bells
    if MEDIA in request.headers.get("accept", ""):
        follower = _Follower(request, caller, resumed(last_event_id, after))
        return stream(bells, [str(caller.team)], follower.step)

    def look() -> list[EventView]:
        still_counts(request, caller)
        return _feed(desk, caller, after, limit)

    views = await bells.first(str(caller.team), look, bool, wait)
    return EventPage(items=views, next=views[-1].position if views else after)


class _Follower:
    """Goes on through a team's feed, page by page."""

    def __init__(self, request: Request, caller: Caller, after: int) -> None:
        self._request = request
        self._caller = caller
        self._after = after

    def step(self) -> Step:
        """The next page."""
        still_counts(self._request, self._caller)
        views = _feed(desk_of(self._request), self._caller, self._after, MOST_EVENTS)
        self._after = views[-1].position if views else self._after
        frames = [Frame(str(view.position), view.type, view) for view in views]
        return Step(frames, more=len(frames) == MOST_EVENTS)


def _feed(desk: Desk, caller: Caller, after: int, limit: int) -> list[EventView]:
    with desk.database.begin() as session:
        return [_view(row) for row in events.feed(session, caller.team, after, limit)]


def _view(row: EventRow) -> EventView:
    return EventView.model_validate(
        {"id": event_name(row.id), "position": row.position, "type": row.type, "timestamp": row.at, "data": row.data}
    )


def resumed(last_event_id: str | None, after: int) -> int:
    """Where a stream begins: a reader that connects again says what it saw last."""
    if last_event_id is not None and last_event_id.isascii() and last_event_id.isdecimal():
        return min(int(last_event_id[:19]), LAST_POSITION)
    return after
