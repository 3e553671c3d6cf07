"""`GET /v1/batches/{batch}/events`: what happens to all models of a batch, as one stream that ends when all are finished."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Header, Query, Request
from starlette.responses import StreamingResponse

from services.gateway.actions.models import owned
from services.gateway.api.auth import Caller, DeskDep, Reader, desk_of, still_counts
from services.gateway.api.batch_views import model_view, summary_view
from services.gateway.api.batches import Batch
from services.gateway.api.bells import Bells
from services.gateway.api.events import LAST_POSITION, resumed
from services.gateway.api.streams import LINES, MEDIA, Frame, Step, stream, streamed
from services.gateway.store import batches
from shared.errors import Forbidden, Missing, Refused, Unauthenticated
from shared.web import problems

router = APIRouter(prefix="/v1/batches", tags=["batches"])

MOST_FRAMES = 100
"""Models told in one step: 200 kB."""


def _described() -> dict[int | str, dict[str, Any]]:
    answer = streamed(
        "An event for each change of a model, named by its state; last `finished`, with the batch; "
        "as JSON Lines the same, an object `{id, event, data}` a line, where an empty line is a heartbeat."
    )
    answer[200]["content"][LINES] = {}
    return answer


@router.get(
    "/{batch}/events",
    operation_id="watch_batch",
    summary="What happens to its models, as one stream",
    response_class=StreamingResponse,
    responses=problems(Refused, Unauthenticated, Forbidden, Missing) | _described(),
)
def watch_batch(
    request: Request,
    desk: DeskDep,
    caller: Reader,
    batch: Batch,
    after: Annotated[int, Query(ge=0, le=LAST_POSITION, description="the `id` of the last event seen; 0: none")] = 0,
    last_event_id: Annotated[str | None, Header(description="the same, and counts before `after`")] = None,
) -> StreamingResponse:
    """Each model as it stands, then every change, until all are finished; then an event `finished`, and the end.

    Server-sent events, or with `Accept: application/x-ndjson` the same as JSON Lines, where an empty line is a heartbeat.
    A reader that connects again with the last `id` goes on behind it. Changes in the same instant may be one.
    """
    known = owned(desk, caller.team, batch).changes
    begin = resumed(last_event_id, after)
    # What the server does not know of is from before it was restored to an earlier state.
    follower = _Follower(request, caller, batch, begin if begin <= known else 0)
    bells: Bells = request.app.state.bells
    media = LINES if LINES in request.headers.get("accept", "") else MEDIA
    return stream(bells, [str(batch)], follower.step, media=media)


class _Follower:
    """Goes on through a batch's changes."""

    def __init__(self, request: Request, caller: Caller, batch: UUID, after: int) -> None:
        self._request = request
        self._caller = caller
        self._batch = batch
        self._after = after

    def step(self) -> Step:
        """What has changed since the step before."""
        still_counts(self._request, self._caller)
        desk = desk_of(self._request)
        row = owned(desk, self._caller.team, self._batch)
        with desk.database.begin() as session:
            # First whether it is finished: then nothing can be missing from what is read next.
            summary = summary_view(row, batches.counts(session, [row.id])[row.id])
            found = batches.changed(session, row.id, self._after, MOST_FRAMES)
        frames = [Frame(str(one.model.change), one.state, model_view(row, one)) for one in found]
        self._after = found[-1].model.change if found else self._after
        more = len(found) == MOST_FRAMES
        if summary.finished and not more:
            return Step([*frames, Frame(str(self._after), "finished", summary)], last=True)
        return Step(frames, more=more)
