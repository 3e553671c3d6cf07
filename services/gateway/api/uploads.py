"""`/v1/uploads`: large files in numbered parts, which come in any order, in parallel, and again after a break."""

from collections.abc import AsyncIterator
from dataclasses import asdict
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Request, Response
from starlette.concurrency import run_in_threadpool

from services.gateway.actions.complete import complete
from services.gateway.actions.models import open_file, wanted
from services.gateway.actions.models import owned as owned_batch
from services.gateway.actions.parts import put_part
from services.gateway.actions.remember import Key, key_of, known
from services.gateway.actions.seal import Accepted
from services.gateway.actions.submit import Metadata
from services.gateway.actions.uploads import PART_COUNT, Announced, Begun, again, give_up, open_upload, owned
from services.gateway.api.accepted import REUSED, answer_accepted, standing_if_known
from services.gateway.api.auth import Caller, DeskDep, Submitter
from services.gateway.api.bodies import ContentDigest
from services.gateway.api.cursors import PageCursor, PageLimit, read_cursor, write_cursor
from services.gateway.api.places import place_headers
from services.gateway.api.submissions import IdempotencyKey, stated, venue_of
from services.gateway.api.upload_views import (
    CompletionRequest,
    UploadPage,
    UploadPartView,
    UploadRequest,
    UploadView,
    part_view,
    summary_view,
    upload_view,
)
from services.gateway.api.views import SUBMISSION, AcceptedView
from services.gateway.api.waiting import Wait
from services.gateway.desk import Desk
from services.gateway.digestfields import checked, claimed_digest
from services.gateway.intake import Incoming
from services.gateway.store import uploads
from services.gateway.store.challenges import Venue
from services.gateway.store.submissions import Cursor
from services.gateway.store.uploads import Opened
from services.gateway.threads import LEDGER
from services.gateway.turnstile import Turnstile
from shared.challenge import Limits
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
from shared.storage import PART_BYTES
from shared.web import json_body, problems, read_json

router = APIRouter(
    prefix="/v1/uploads", tags=["uploads"], responses=problems(Refused, Unauthenticated, Forbidden, Unavailable)
)

Upload = Annotated[UUID, Path(description="the upload's id, which its submission will have too", examples=[SUBMISSION])]
Number = Annotated[int, Path(ge=1, le=PART_COUNT, description="the part's number, from 1", examples=[1])]

_PART_BODY = {
    "requestBody": {
        "required": True,
        "description": "The part's bytes as they are in the file: `part_bytes` of them, the rest in the last part.",
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}


async def upload_request(request: Request) -> UploadRequest:
    """The body, read strictly."""
    return await read_json(request, UploadRequest)


async def completion_request(request: Request) -> CompletionRequest:
    """The body, read strictly; it may be left out."""
    return await read_json(request, CompletionRequest, if_empty=b"{}")


@router.post(
    "",
    operation_id="open_upload",
    summary="Open an upload in parts; holds a place",
    status_code=201,
    response_model=UploadView,
    responses=problems(Missing, Conflict, TooLarge, Unreadable, TooMany) | REUSED,
    openapi_extra=json_body(UploadRequest),
)
async def open_one(
    request: Request,
    desk: DeskDep,
    caller: Submitter,
    said: Annotated[UploadRequest, Depends(upload_request)],
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Say where the file goes and how large it is; then send its parts. It has until `expires_at`.

    Under the same `Idempotency-Key` one upload is opened, and one place is held. Where the team has submitted bytes of
    this `digest` before, nothing is opened: the answer is that submission.
    """
    announced = Announced(said.size_bytes, said.part_bytes or PART_BYTES, said.digest, said.received_digest)
    key = _key_of(caller, said, announced, idempotency_key)
    before = await run_in_threadpool(known, desk, key) if key else None
    place = (said.challenge, said.task, said.split)
    venue = await run_in_threadpool(venue_of, desk, caller.team, *place, before is not None)
    begun = again(before) if before else await _begun(desk, caller, venue, said, announced, key)
    if isinstance(begun, Accepted):
        return await answer_accepted(request, caller, begun, venue.split.limits, 0, key)
    return await LEDGER.run(_answer_begun, desk, caller, begun, venue.split.limits)


def _about(said: UploadRequest) -> Metadata:
    method, description = said.method.strip(), said.description.strip()
    return Metadata(method, description, said.track, said.publish, said.labels, said.participate, said.entry)


def _key_of(caller: Caller, said: UploadRequest, announced: Announced, text: str | None) -> Key | None:
    """The key that the upload is opened under; a batch's manifest says itself what the file is."""
    about = stated(_about(said)) if said.batch is None else {"batch": str(said.batch), "index": said.index}
    place = [said.challenge, said.task, said.split]
    return key_of(caller.team, text, upload_to=place, **about, **asdict(announced))


async def _begun(
    desk: Desk, caller: Caller, venue: Venue, said: UploadRequest, announced: Announced, key: Key | None
) -> Begun | Accepted:
    """The upload that is opened, for a file by itself or for a model of a batch."""
    if said.batch is None or said.index is None:
        return await LEDGER.run(open_upload, desk, caller.team, venue, _about(said), announced, _written, key)
    place = [said.challenge, said.task, said.split]
    row = await run_in_threadpool(owned_batch, desk, caller.team, said.batch)
    if place != (its := [row.challenge, row.task, row.split]):
        raise Conflict(
            "batch-differs",
            f"the batch is one of {'/'.join(its)}, not of {'/'.join(place)}",
            "open the upload to the place of its batch",
        )
    found = await run_in_threadpool(wanted, desk, caller.team, said.batch, said.index)
    if isinstance(found, UUID):
        return Accepted(found, None, reused=True)
    return await LEDGER.run(open_file, desk, found, announced, _written, key)


def _written(opened: Opened) -> str:
    return upload_view(opened, []).model_dump_json()


def _answer_begun(desk: Desk, caller: Caller, begun: Begun, limits: Limits) -> Response:
    """201 with the upload as it was when it was opened; only the RateLimit fields are of now."""
    headers = {"Location": f"/v1/uploads/{begun.upload}"}
    if begun.standing is None:
        headers["Idempotency-Replayed"] = "true"
    if standing := begun.standing or standing_if_known(desk, caller, limits):
        headers |= place_headers(standing)
    return Response(begun.answer, 201, headers, media_type="application/json")


@router.get("", operation_id="list_uploads", summary="My uploads whose time is not up, new to old")
def list_uploads(desk: DeskDep, caller: Submitter, limit: PageLimit = 20, cursor: PageCursor = None) -> UploadPage:
    """Open ones, and those that are complete. After a break, the upload to go on with is here."""
    with desk.database.begin() as session:
        rows = uploads.mine(session, caller.team, desk.clock(), read_cursor(cursor), limit + 1)
    last = rows[limit - 1].submission if len(rows) > limit else None
    following = write_cursor(Cursor(last.created_at, last.id)) if last else None
    return UploadPage(items=[summary_view(opened) for opened in rows[:limit]], next=following)


@router.get(
    "/{upload}",
    operation_id="read_upload",
    summary="Which parts are there, and which are missing",
    responses=problems(Missing),
)
def read_upload(desk: DeskDep, caller: Submitter, upload: Upload) -> UploadView:
    """Every part with its SHA-256, and the numbers of those that are still to come."""
    opened = owned(desk, caller.team, upload)
    with desk.database.begin() as session:
        return upload_view(opened, uploads.parts(session, upload))


@router.put(
    "/{upload}/parts/{number}",
    operation_id="put_part",
    summary="Send one part",
    responses=problems(Missing, Conflict, WrongMedia),
    openapi_extra=_PART_BODY,
)
async def put_one_part(
    request: Request,
    desk: DeskDep,
    caller: Submitter,
    upload: Upload,
    number: Number,
    content_digest: ContentDigest = None,
) -> UploadPartView:
    """Parts may come in any order and at once. The same part again is fine; another content under its number is not."""
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise WrongMedia(
            "encoding-unknown",
            "a part has no content encoding: its bytes are the file's own",
            "compress the whole file and upload that; it is unpacked when it is complete",
        )
    turnstile: Turnstile = request.app.state.turnstile
    length = request.headers.get("content-length", "")
    content: AsyncIterator[bytes] = request.stream()
    if whole := claimed_digest(content_digest):
        content = checked(content, whole)
    part = Incoming(content, int(length) if length.isdecimal() else None)
    async with turnstile.passing(caller.team):
        return part_view(await put_part(desk, caller.team, upload, number, part))


@router.post(
    "/{upload}/complete",
    operation_id="complete_upload",
    summary="Put the parts together and submit them",
    status_code=202,
    response_model=AcceptedView,
    responses=problems(Missing, Conflict, TooLarge, Unreadable) | REUSED,
    openapi_extra=json_body(CompletionRequest, required=False),
)
async def complete_one(
    request: Request,
    desk: DeskDep,
    caller: Submitter,
    upload: Upload,
    said: Annotated[CompletionRequest, Depends(completion_request)],
    wait: Wait = 0,
) -> Response:
    """Answers as submitting the file in one body does, as soon as it is sealed. Asked again, it answers the same."""
    opened = await run_in_threadpool(owned, desk, caller.team, upload)
    place = opened.submission
    answered = opened.became is not None
    venue = await run_in_threadpool(venue_of, desk, caller.team, place.challenge, place.task, place.split, answered)
    accepted = await complete(desk, opened, venue, said.received_digest)
    return await answer_accepted(request, caller, accepted, venue.split.limits, wait)


@router.delete(
    "/{upload}",
    operation_id="give_up_upload",
    summary="Give an upload up",
    status_code=204,
    responses=problems(Missing, Conflict),
)
async def give_up_one(desk: DeskDep, caller: Submitter, upload: Upload) -> None:
    """Its parts are deleted and its place comes back."""
    await LEDGER.run(give_up, desk, caller.team, upload)
