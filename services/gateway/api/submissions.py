"""`/v1/…/submissions`: submit a file, wait for its outcome, read its report, list one's own."""

from dataclasses import asdict
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Header, Path, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from services.gateway.actions.remember import key_of, known
from services.gateway.actions.submit import Metadata, again, submit
from services.gateway.api.accepted import REUSED, answer_accepted
from services.gateway.api.auth import DeskDep, Reader, Submitter
from services.gateway.api.bodies import FILE_BODY, FileDep
from services.gateway.api.cursors import PageCursor, PageLimit, read_cursor, write_cursor
from services.gateway.api.parameters import ChallengeName, SplitName, TaskName
from services.gateway.api.views import SUBMISSION, AcceptedView, SubmissionPage, SubmissionView, submission_view
from services.gateway.api.waiting import Wait, awaited, owned
from services.gateway.desk import Desk
from services.gateway.lifecycle import FINAL_STATES
from services.gateway.reports import report_of
from services.gateway.store import audience, submissions
from services.gateway.store.challenges import Venue
from services.gateway.store.submissions import Cursor, Judged
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

Submission = Annotated[UUID, Path(description="the submission's id", examples=[SUBMISSION])]
IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=255,
        pattern="^[!-~]+$",
        description="repeat the request under the same key, and it counts once; kept for 30 days",
        examples=["8e03978e-40d5-43dd-bc93-6894a57f9324"],
    ),
]


@router.post(
    "/challenges/{challenge}/tasks/{task}/splits/{split}/submissions",
    operation_id="submit",
    summary="Submit predictions",
    status_code=202,
    response_model=AcceptedView,
    responses=problems(
        Refused, Unauthenticated, Forbidden, Missing, Conflict, TooLarge, WrongMedia, TooMany, Unavailable
    )
    | REUSED,
    openapi_extra=FILE_BODY,
)
async def submit_file(
    request: Request,
    desk: DeskDep,
    caller: Submitter,
    file: FileDep,
    challenge: ChallengeName,
    task: TaskName,
    split: SplitName,
    method: Annotated[str, Query(max_length=200, description="name of the method", examples=["ResNet-152"])] = "",
    description: Annotated[str, Query(max_length=2000, description="what it does, what it was trained on")] = "",
    track: Annotated[Literal["provided", "external"], Query(description="training data")] = "provided",
    labels: Annotated[Numbering, Query(description="how the file names categories")] = "ilsvrc",
    publish: Annotated[bool, Query(description="put it on the board once it is scored")] = False,
    participate: Annotated[bool, Query(description="false: on the board, but not in the contest")] = True,
    entry: Annotated[UUID | None, Query(description="the submission whose place this file shares")] = None,
    wait: Wait = 0,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Send predictions as JSON, as the field `file` of a form, or as the body itself; `wait` for their outcome.

    A place is charged once for a file: under the same `Idempotency-Key`, and for the same bytes under any.
    """
    metadata = Metadata(method.strip(), description.strip(), track, publish, labels, participate, entry)
    key = key_of(caller.team, idempotency_key, place=[challenge, task, split], **stated(metadata))
    before = await run_in_threadpool(known, desk, key) if key else None
    venue = await run_in_threadpool(venue_of, desk, caller.team, challenge, task, split, before is not None)
    if before is not None:
        accepted = await again(desk, venue, file, before)
    else:
        accepted = await submit(desk, caller.team, venue, metadata, file, key)
    return await answer_accepted(request, caller, accepted, venue.split.limits, wait, key)


@router.get(
    "/submissions",
    operation_id="list_submissions",
    summary="My submissions, new to old",
    responses=problems(Refused, Unauthenticated, Forbidden),
)
def list_submissions(
    desk: DeskDep,
    caller: Reader,
    limit: PageLimit = 20,
    cursor: PageCursor = None,
) -> SubmissionPage:
    """The team's submissions. Follow `next` until it is null; rows that arrive meanwhile do not shift the pages."""
    with desk.database.begin() as session:
        rows = submissions.mine(session, caller.team, read_cursor(cursor), limit + 1)
    items = [submission_view(judged, desk.outlook) for judged in rows[:limit]]
    following = write_cursor(_place(rows[limit - 1])) if len(rows) > limit else None
    return SubmissionPage(items=items, next=following)


@router.get(
    "/submissions/{submission}",
    operation_id="read_submission",
    summary="Status; with ?wait=30 as soon as there is an outcome",
    responses=problems(Unauthenticated, Forbidden, Missing),
)
async def read_submission(
    request: Request, desk: DeskDep, caller: Reader, submission: Submission, wait: Wait = 0
) -> SubmissionView:
    """The submission and its evaluation. `wait` answers the moment the outcome is there, or when the time is up.

    While it is queued, `queue` says how many are begun before it, and estimates when it is begun and done.
    """
    judged = await awaited(request, caller, submission, wait, ask_again=True)
    return await run_in_threadpool(submission_view, judged, desk.outlook)


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
    content = report_of(desk.storage, evaluation.id, evaluation.attempt, REPORT_BYTES)
    return Response(content, media_type="application/json", headers={"ETag": f'"{evaluation.report_digest}"'})


def venue_of(desk: Desk, team: UUID, challenge: str, task: str, split: str, answered: bool = False) -> Venue:
    """The split that an address names, as `team` sees it, or saw it when its request was `answered`; raises `Missing`."""
    with desk.database.one_by_one() as session:
        return audience.venue(session, challenge, task, split, team, answered)


def stated(metadata: Metadata) -> dict[str, Any]:
    """What a key stands for, besides place and file.

    What requests could not say at first is left out unless it is said: keys are kept for long.
    """
    at_first: dict[str, Any] = {"participating": True, "entry": None}
    said = {name: value for name, value in asdict(metadata).items() if value != at_first.get(name, ...)}
    return said | ({"entry": str(metadata.entry)} if metadata.entry else {})


def _place(judged: Judged) -> Cursor:
    return Cursor(judged.submission.created_at, judged.submission.id)
