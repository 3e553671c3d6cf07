"""`/v1/uploads`: large files in numbered parts, which come in any order, in parallel, and again after a break."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Path, Request, Response
from starlette.concurrency import run_in_threadpool

from services.gateway.actions.complete import complete
from services.gateway.actions.parts import Part, put_part
from services.gateway.actions.submit import Metadata
from services.gateway.actions.uploads import PART_COUNT, Announced, give_up, open_upload, owned
from services.gateway.api.auth import DeskDep, Submitter
from services.gateway.api.places import place_headers
from services.gateway.api.upload_views import (
    CompletionRequest,
    PartView,
    UploadList,
    UploadRequest,
    UploadView,
    part_view,
    summary_view,
    upload_view,
)
from services.gateway.api.views import AcceptedView, submission_view
from services.gateway.desk import Desk
from services.gateway.store import challenges, submissions, uploads
from services.gateway.turnstile import Turnstile
from shared.digests import field_digest
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

Upload = Annotated[UUID, Path(description="the upload's id, which its submission will have too")]
Number = Annotated[int, Path(ge=1, le=PART_COUNT, description="the part's number, from 1")]
ContentDigest = Annotated[
    str, Header(description="`sha-256=:…:` (RFC 9530), base64; the part is held against it", examples=[""])
]

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
    responses=problems(Missing, Conflict, TooLarge, Unreadable, TooMany),
    openapi_extra=json_body(UploadRequest),
)
def open_one(
    response: Response,
    desk: DeskDep,
    caller: Submitter,
    request: Annotated[UploadRequest, Depends(upload_request)],
) -> UploadView:
    """Say where the file goes and how large it is; then send its parts. It has until `expires_at`."""
    with desk.database.begin() as session:
        venue = challenges.venue(session, request.challenge, request.task, request.split)
    about = Metadata(
        request.method.strip(), request.description.strip(), request.track, request.publish, request.labels
    )
    announced = Announced(request.size_bytes, request.part_bytes or PART_BYTES, request.digest, request.received_digest)
    opened, standing = open_upload(desk, caller.team, venue, about, announced)
    response.headers["Location"] = f"/v1/uploads/{opened.upload.id}"
    response.headers.update(place_headers(standing))
    return upload_view(opened, [])


@router.get("", operation_id="list_uploads", summary="My uploads whose time is not up, new to old")
def list_uploads(desk: DeskDep, caller: Submitter) -> UploadList:
    """Open ones, and those that are complete. After a break, the upload to go on with is here."""
    with desk.database.begin() as session:
        found = uploads.mine(session, caller.team, desk.clock())
    return UploadList(items=[summary_view(opened) for opened in found])


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
    content_digest: ContentDigest = "",
) -> PartView:
    """Parts may come in any order and at once. The same part again is fine; another content under its number is not."""
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise WrongMedia(
            "encoding-unknown",
            "a part has no content encoding: its bytes are the file's own",
            "compress the whole file and upload that; it is unpacked when it is complete",
        )
    turnstile: Turnstile = request.app.state.turnstile
    length = request.headers.get("content-length", "")
    part = Part(number, int(length) if length.isdecimal() else None, field_digest(content_digest))
    async with turnstile.passing(caller.team):
        return part_view(await put_part(desk, caller.team, upload, part, request.stream()))


@router.post(
    "/{upload}/complete",
    operation_id="complete_upload",
    summary="Put the parts together and submit them",
    status_code=202,
    responses=problems(Missing, Conflict, TooLarge, Unreadable),
    openapi_extra=json_body(CompletionRequest, required=False),
)
async def complete_one(
    response: Response,
    desk: DeskDep,
    caller: Submitter,
    upload: Upload,
    request: Annotated[CompletionRequest, Depends(completion_request)],
) -> AcceptedView:
    """Answers as submitting the file in one body does, as soon as it is sealed. Asked again, it answers the same."""
    standing = await complete(desk, caller.team, upload, request.received_digest)
    judged = await run_in_threadpool(_judged, desk, upload)
    response.headers["Location"] = f"/v1/submissions/{upload}"
    response.headers.update(place_headers(standing))
    return AcceptedView(submission=submission_view(judged), allowance=standing)


@router.delete(
    "/{upload}",
    operation_id="give_up_upload",
    summary="Give an upload up",
    status_code=204,
    responses=problems(Missing, Conflict),
)
def give_up_one(desk: DeskDep, caller: Submitter, upload: Upload) -> None:
    """Its parts are deleted and its place comes back."""
    give_up(desk, caller.team, upload)


def _judged(desk: Desk, submission: UUID) -> submissions.Judged:
    with desk.database.begin() as session:
        judged = submissions.find(session, submission)
    assert judged is not None, "it was sealed a moment ago"
    return judged
