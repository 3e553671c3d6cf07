"""`/v1/…/submissions`: submit a file, wait for its outcome, read its report, list one's own."""

import asyncio
import contextlib
import re
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from services.gateway.actions.submit import Metadata, submit
from services.gateway.api import practice
from services.gateway.api.auth import Caller, DeskDep, Reader, Submitter
from services.gateway.api.bells import Bells
from services.gateway.api.parameters import ChallengeName, SplitName, TaskName
from services.gateway.api.places import place_headers
from services.gateway.api.views import SUBMISSION, AcceptedView, SubmissionPage, SubmissionView, submission_view
from services.gateway.desk import Desk
from services.gateway.lifecycle import FINAL_STATES
from services.gateway.store import challenges, submissions
from services.gateway.store.submissions import Cursor, Judged
from shared import keys
from shared.challenge import Numbering
from shared.errors import (
    Conflict,
    Forbidden,
    Missing,
    Refused,
    TooLarge,
    TooMany,
    Unauthenticated,
    Unavailable,
    WrongMedia,
)
from shared.report import REPORT_BYTES, Report
from shared.web import problems

router = APIRouter(prefix="/v1", tags=["submissions"])

FILE_TYPES = ("text/plain", "text/csv", "application/gzip", "application/x-gzip", "application/octet-stream")
WAIT_SECONDS = 60

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
CURSOR = r"[0-9]{1,17}\.[0-9a-f]{32}"
"""Where a page ends: the last submission's moment in microseconds (17 digits last until the year 5138), and its id."""

Submission = Annotated[UUID, Path(description="the submission's id", examples=[SUBMISSION])]

_TEXT: dict[str, Any] = {"schema": {"type": "string"}, "example": practice.FILE}
_BYTES: dict[str, Any] = {"schema": {"type": "string", "format": "binary"}}
_FILE_BODY = {
    "requestBody": {
        "required": True,
        "description": "The predictions file itself, plain or gzip.",
        "content": {media: _TEXT if media.startswith("text/") else _BYTES for media in FILE_TYPES},
    }
}


@router.post(
    "/challenges/{challenge}/tasks/{task}/splits/{split}/submissions",
    operation_id="submit",
    summary="Submit a predictions file",
    status_code=202,
    response_model=AcceptedView,
    responses=problems(
        Refused, Unauthenticated, Forbidden, Missing, Conflict, TooLarge, WrongMedia, TooMany, Unavailable
    ),
    openapi_extra=_FILE_BODY,
)
async def submit_file(
    request: Request,
    response: Response,
    desk: DeskDep,
    caller: Submitter,
    challenge: ChallengeName,
    task: TaskName,
    split: SplitName,
    method: Annotated[str, Query(max_length=200, description="name of the method", examples=["ResNet-152"])] = "",
    description: Annotated[str, Query(max_length=2000, description="what it does, what it was trained on")] = "",
    track: Annotated[Literal["provided", "external"], Query(description="training data")] = "provided",
    labels: Annotated[Numbering, Query(description="how the file names categories")] = "ilsvrc",
    publish: Annotated[bool, Query(description="put it on the board once it is scored")] = False,
) -> AcceptedView:
    """Send the file as the body. It is scored as soon as it is sealed; ask for its outcome with `?wait=30`."""
    _check_media(request)
    venue = await run_in_threadpool(_venue, desk, challenge, task, split)
    announced = request.headers.get("content-length")
    accepted = await submit(
        desk,
        caller.team,
        venue,
        Metadata(method.strip(), description.strip(), track, publish, labels),
        request.stream(),
        int(announced) if announced and announced.isdecimal() else None,
    )
    judged = await run_in_threadpool(_owned, desk, caller, accepted.submission)
    response.headers["Location"] = f"/v1/submissions/{accepted.submission}"
    response.headers.update(place_headers(accepted.reservation.standing))
    return AcceptedView(submission=submission_view(judged), allowance=accepted.reservation.standing)


@router.get(
    "/submissions",
    operation_id="list_submissions",
    summary="My submissions, new to old",
    responses=problems(Refused, Unauthenticated, Forbidden),
)
def list_submissions(
    desk: DeskDep,
    caller: Reader,
    limit: Annotated[int, Query(ge=1, le=100, description="how many in a page")] = 20,
    cursor: Annotated[
        str | None,
        Query(description="`next` of the page before", json_schema_extra={"pattern": f"^{CURSOR}$"}),
    ] = None,
) -> SubmissionPage:
    """The team's submissions. Follow `next` until it is null; rows that arrive meanwhile do not shift the pages."""
    with desk.database.begin() as session:
        rows = submissions.mine(session, caller.team, _read_cursor(cursor), limit + 1)
    items = [submission_view(judged) for judged in rows[:limit]]
    following = _write_cursor(rows[limit - 1]) if len(rows) > limit else None
    return SubmissionPage(items=items, next=following)


@router.get(
    "/submissions/{submission}",
    operation_id="read_submission",
    summary="Status; with ?wait=30 as soon as there is an outcome",
    responses=problems(Unauthenticated, Forbidden, Missing),
)
async def read_submission(
    request: Request,
    desk: DeskDep,
    caller: Reader,
    submission: Submission,
    wait: Annotated[
        float, Query(ge=0, le=WAIT_SECONDS, description="seconds to wait for an outcome", examples=[30])
    ] = 0,
) -> SubmissionView:
    """The submission and its evaluation. `wait` answers the moment the outcome is there, or when the time is up."""
    bells: Bells = request.app.state.bells
    with bells.expecting(str(submission)) as bell:
        deadline = asyncio.get_running_loop().time() + wait
        while True:
            bell.clear()
            judged = await run_in_threadpool(_owned, desk, caller, submission)
            left = deadline - asyncio.get_running_loop().time()
            if _settled(judged) or left <= 0 or bells.closing:
                return submission_view(judged)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(left):
                    await bell.wait()


@router.get(
    "/submissions/{submission}/report",
    operation_id="read_report",
    summary="What the evaluation found",
    response_model=Report,
    responses=problems(Unauthenticated, Forbidden, Missing, Conflict, Unavailable),
)
def read_report(desk: DeskDep, caller: Reader, submission: Submission) -> Response:
    """The report as the scorer wrote it, byte for byte: metrics, intervals, faults by line, notes, provenance."""
    evaluation = _owned(desk, caller, submission).evaluation
    if evaluation is None or evaluation.state not in FINAL_STATES:
        raise Conflict("not-evaluated", "there is no report yet", "ask for the submission with ?wait=30 first")
    if evaluation.report_digest is None:
        raise Missing("no-report", "this evaluation ended without a report; its `failure` says why")
    content = desk.storage.read(keys.REPORTS, keys.report_key(evaluation.id, evaluation.attempt), REPORT_BYTES)
    return Response(content, media_type="application/json", headers={"ETag": f'"{evaluation.report_digest}"'})


def _check_media(request: Request) -> None:
    media = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if media and media not in FILE_TYPES:
        raise WrongMedia(
            "media-type-unknown",
            f"a body of type {media!r} is not read here; these are: {', '.join(FILE_TYPES)}",
            "with curl: -H 'Content-Type: text/plain' --data-binary @predictions.txt",
        )
    encoding = request.headers.get("content-encoding", "identity").lower()
    if encoding not in ("identity", "gzip"):
        raise WrongMedia("encoding-unknown", f"the content encoding {encoding!r} is not read here", "send gzip or none")


def _venue(desk: Desk, challenge: str, task: str, split: str) -> challenges.Venue:
    with desk.database.begin() as session:
        return challenges.venue(session, challenge, task, split)


def _owned(desk: Desk, caller: Caller, submission: UUID) -> Judged:
    with desk.database.begin() as session:
        judged = submissions.find(session, submission)
    if judged is None or judged.submission.team_id != caller.team:
        raise Missing(
            "no-such-submission", f"your team has no submission {submission}", "GET /v1/submissions lists them"
        )
    return judged


def _settled(judged: Judged) -> bool:
    state = judged.evaluation.state if judged.evaluation else None
    return judged.submission.state == "abandoned" or state in FINAL_STATES


def _write_cursor(judged: Judged) -> str:
    moment = judged.submission.created_at - EPOCH
    return f"{moment // timedelta(microseconds=1)}.{judged.submission.id.hex}"


def _read_cursor(text: str | None) -> Cursor | None:
    if text is None:
        return None
    if not re.fullmatch(CURSOR, text):
        raise Refused("cursor-invalid", "this is not a cursor of ours", "start again without `cursor`")
    microseconds, row = text.split(".")
    return Cursor(EPOCH + timedelta(microseconds=int(microseconds)), UUID(row))
