"""`/v1/batches`: many models in one manifest, taken or refused one by one, and followed as one stream."""

import contextlib
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path, Request, Response
from starlette.concurrency import run_in_threadpool

from services.gateway.actions.batches import Begun, post, take_named
from services.gateway.actions.models import Wanted, owned, take_file, wanted
from services.gateway.api.auth import Caller, DeskDep, Reader, Submitter
from services.gateway.api.batch_views import (
    BATCH,
    BatchPage,
    BatchView,
    ModelView,
    batch_view,
    model_view,
    summary_view,
)
from services.gateway.api.bodies import FILE_BODY, ContentDigest, FileDep
from services.gateway.api.cursors import PageCursor, PageLimit, read_cursor, write_cursor
from services.gateway.api.manifests import MANIFEST_BODY, is_form, read_posted
from services.gateway.api.submissions import venue_of
from services.gateway.api.throttle import Postings
from services.gateway.desk import Desk
from services.gateway.formparts import FormParts
from services.gateway.manifests.reading import MOST_MODELS, read
from services.gateway.store import batches
from services.gateway.store.submissions import Cursor
from services.gateway.turnstile import Turnstile
from shared.errors import (
    Conflict,
    Forbidden,
    Missing,
    Refused,
    TooLarge,
    TooMany,
    Unauthenticated,
    Unavailable,
    Unreadable,
    WrongMedia,
)
from shared.web import problems

router = APIRouter(prefix="/v1/batches", tags=["batches"])

Batch = Annotated[UUID, Path(description="the batch's id", examples=[BATCH])]
ModelIndex = Annotated[
    int, Path(ge=0, lt=MOST_MODELS, description="the model's place in the manifest, from 0", examples=[0])
]

_CREATED_OR_KNOWN: dict[int | str, dict[str, Any]] = {
    200: {"model": BatchView, "description": "The team has posted this manifest before: the batch as it is now"}
}


@router.post(
    "",
    operation_id="post_batch",
    summary="Submit many models by one manifest",
    status_code=201,
    response_model=BatchView,
    responses=problems(
        Refused, Unauthenticated, Forbidden, Missing, Conflict, TooLarge, WrongMedia, Unreadable, TooMany, Unavailable
    )
    | _CREATED_OR_KNOWN,
    openapi_extra=MANIFEST_BODY,
)
async def post_batch(
    request: Request, desk: DeskDep, caller: Submitter, content_digest: ContentDigest = None
) -> Response:
    """Models are taken or refused one by one. What the team has had scored before is known at once; inline predictions are
    submitted; the file of each model that is `wanted` goes to its `upload`. The same manifest again is the same batch, and
    goes on with it: nothing is sent, scored or charged twice.
    """
    postings: Postings = request.app.state.postings
    forms: Turnstile = request.app.state.forms
    postings.take(caller.team)
    async with forms.passing(caller.team) if is_form(request) else contextlib.nullcontext():
        begun, files = await _begun(request, desk, caller.team, content_digest)
        if files is not None:
            await take_named(desk, caller.team, begun, files)
    view = await run_in_threadpool(_view, desk, caller, begun.batch)
    headers = {"Location": f"/v1/batches/{begun.batch}"} | _waits(view)
    return Response(view.model_dump_json(), 201 if begun.created else 200, headers, media_type="application/json")


@router.get(
    "",
    operation_id="list_batches",
    summary="My batches, new to old",
    responses=problems(Refused, Unauthenticated, Forbidden),
)
def list_batches(desk: DeskDep, caller: Reader, limit: PageLimit = 20, cursor: PageCursor = None) -> BatchPage:
    """The team's batches without their models, and how many of those are in which state."""
    with desk.database.begin() as session:
        rows = batches.mine(session, caller.team, read_cursor(cursor), limit + 1)
        counts = batches.counts(session, [row.id for row in rows[:limit]])
    last = rows[limit - 1] if len(rows) > limit else None
    following = write_cursor(Cursor(last.created_at, last.id)) if last else None
    return BatchPage(items=[summary_view(row, counts[row.id]) for row in rows[:limit]], next=following)


@router.get(
    "/{batch}",
    operation_id="read_batch",
    summary="A batch and its models as they stand",
    responses=problems(Unauthenticated, Forbidden, Missing),
)
def read_batch(desk: DeskDep, caller: Reader, batch: Batch) -> BatchView:
    """Every model with its state, its scores, and whether they are what was claimed."""
    return _view(desk, caller, batch)


@router.put(
    "/{batch}/models/{index}/file",
    operation_id="put_model_file",
    summary="Send the file of a wanted model",
    responses=problems(
        Refused, Unauthenticated, Forbidden, Missing, Conflict, TooLarge, WrongMedia, TooMany, Unavailable
    ),
    openapi_extra=FILE_BODY,
)
async def put_model_file(desk: DeskDep, caller: Submitter, file: FileDep, batch: Batch, index: ModelIndex) -> ModelView:
    """The bytes that the manifest announced, plain or gzip; others are refused. Answers as soon as the file is sealed, also
    where it was before: then the body is not needed.
    """
    found = await run_in_threadpool(wanted, desk, caller.team, batch, index)
    if isinstance(found, Wanted):
        await take_file(desk, found, file)
    return await run_in_threadpool(_model_view, desk, caller, batch, index)


async def _begun(
    request: Request, desk: Desk, team: UUID, content_digest: str | None
) -> tuple[Begun, FormParts | None]:
    """The batch of the manifest that was sent, and the files behind it.

    These come as slowly as their line is: no manifest waits for them, and of this one nothing large is kept meanwhile.
    """
    manifests: Turnstile = request.app.state.manifests
    async with manifests.passing(team):
        posted = await read_posted(request, content_digest)
        manifest = await run_in_threadpool(read, posted.manifest, posted.files is not None)
        head = manifest.head
        venue = await run_in_threadpool(venue_of, desk, team, head.challenge, head.task, head.split)
        return await post(desk, team, venue, manifest), posted.files


def _view(desk: Desk, caller: Caller, batch: UUID) -> BatchView:
    row = owned(desk, caller.team, batch)
    with desk.database.begin() as session:
        return batch_view(row, batches.models(session, batch))


def _model_view(desk: Desk, caller: Caller, batch: UUID, index: int) -> ModelView:
    row = owned(desk, caller.team, batch)
    with desk.database.begin() as session:
        found = batches.model(session, batch, index)
    assert found is not None, "models stay as long as their batch"
    return model_view(row, found)


def _waits(view: BatchView) -> dict[str, str]:
    """When to post the manifest again, where a model waits for its turn to be taken."""
    waits = [one.problem.retry_after_seconds for one in view.models if one.state == "wanted" and one.problem]
    known = [wait for wait in waits if wait is not None]
    return {"Retry-After": str(max(known))} if known else {}
