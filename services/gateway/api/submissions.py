"""`/v1/…/submissions`: submit a file, wait for its outcome, read its report, list one's own."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from services.gateway.actions.submit import Metadata, submit
from services.gateway.api.auth import Caller, DeskDep, Reader, Submitter
from services.gateway.api.bells import Bells
from services.gateway.api.cursors import read_cursor, write_cursor
from services.gateway.api.places import place_headers
from services.gateway.api.views import AcceptedView, SubmissionPage, SubmissionView, submission_view
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
"""Below the idle limits of common proxies."""

Submission = Annotated[UUID, Path(description="the submission's id")]

_FILE_BODY = {
    "requestBody": {
        "required": True,
        "description": "The predictions file itself, plain or gzip.",
        "content": {
            media: {
                "schema": {"type": "string", "format": "binary"},
                "example": "771 778 794 387 650\n363 691 764 923 427\n",
            }
            for media in FILE_TYPES
        },
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
    challenge: str,
    task: str,
    split: str,
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
    judged = await run_in_threadpool(owned, desk, caller, accepted.submission)
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
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    cursor: Annotated[str | None, Query(description="`next` of the page before")] = None,
) -> SubmissionPage:
    """The team's submissions. Follow `next` until it is null; rows that arrive meanwhile do not shift the pages."""
    with desk.database.begin() as session:
        rows = submissions.mine(session, caller.team, read_cursor(cursor), limit + 1)
    items = [submission_view(judged) for judged in rows[:limit]]
    following = write_cursor(_place(rows[limit - 1])) if len(rows) > limit else None
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
    wait: Annotated[float, Query(ge=0, le=WAIT_SECONDS, description="seconds to wait for an outcome")] = 0,
) -> SubmissionView:
    """The submission and its evaluation. `wait` answers the moment the outcome is there, or when the time is up."""
    bells: Bells = request.app.state.bells
    judged = await bells.first(str(submission), lambda: owned(desk, caller, submission), settled, wait)
    return submission_view(judged)


@router.get(
    "/submissions/{submission}/report",
    operation_id="read_report",
    summary="What the evaluation found",
    response_model=Report,
    responses=problems(Unauthenticated, Forbidden, Missing, Conflict, Unavailable),
)
def read_report(desk: DeskDep, caller: Reader, submission: Submission) -> Response:
    """The report as the scorer wrote it, byte for byte: metrics, intervals, faults by line, notes, provenance."""
    evaluation = owned(desk, caller, submission).evaluation
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


def owned(desk: Desk, caller: Caller, submission: UUID) -> Judged:
    """The team's submission of this id; raises `Missing` for another's as for none."""
    with desk.database.begin() as session:
        judged = submissions.find(session, submission)
    if judged is None or judged.submission.team_id != caller.team:
        raise Missing(
            "no-such-submission", f"your team has no submission {submission}", "GET /v1/submissions lists them"
        )
    return judged


def settled(judged: Judged) -> bool:
    """Whether nothing more happens to it by itself."""
    state = judged.evaluation.state if judged.evaluation else None
    return judged.submission.state == "abandoned" or state in FINAL_STATES


def _place(judged: Judged) -> Cursor:
    return Cursor(judged.submission.created_at, judged.submission.id)
