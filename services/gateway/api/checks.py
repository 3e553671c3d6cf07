"""`POST …/splits/{split}/validate`: a dry run. The answer is what a scorer found in the file, never a score."""

import asyncio
from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from services.gateway.actions.check import WINDOW, begin_check, end_check, outcome_of
from services.gateway.api.auth import DeskDep, Submitter
from services.gateway.api.bells import Bells
from services.gateway.api.bodies import FILE_BODY, FileDep
from services.gateway.api.parameters import ChallengeName, SplitName, TaskName
from services.gateway.api.submissions import venue_of
from services.gateway.desk import Desk
from shared.challenge import Numbering
from shared.errors import (
    Broken,
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
from shared.report import Check, Failure
from shared.web import problems, rate_limit

router = APIRouter(prefix="/v1", tags=["submissions"])


@router.post(
    "/challenges/{challenge}/tasks/{task}/splits/{split}/validate",
    operation_id="validate",
    summary="Check a predictions file without submitting it",
    response_model=Check,
    responses=problems(
        Refused, Unauthenticated, Forbidden, Missing, Conflict, TooLarge, WrongMedia, TooMany, Broken, Unavailable
    ),
    openapi_extra=FILE_BODY,
)
async def validate_file(
    request: Request,
    response: Response,
    desk: DeskDep,
    caller: Submitter,
    file: FileDep,
    challenge: ChallengeName,
    task: TaskName,
    split: SplitName,
    labels: Annotated[Numbering, Query(description="how the file names categories")] = "ilsvrc",
) -> Check:
    """Send the file as for submitting. It is read as an evaluation would read it, and deleted: no place is taken, and
    no score is made. A file that would be rejected is a 200 with `outcome` `rejected`: the dry run worked.
    """
    venue = await run_in_threadpool(venue_of, desk, caller.team, challenge, task, split)
    begun = await begin_check(desk, caller.team, venue, labels, file)
    window_seconds, limit = int(WINDOW.total_seconds()), desk.settings.checks_per_hour
    response.headers.update(rate_limit(limit, window_seconds, begun.remaining, begun.reset_seconds))
    return await _outcome(desk, request.app.state.bells, begun.check)


async def _outcome(desk: Desk, bells: Bells, check: UUID) -> Check:
    """Wait for it, and leave nothing of it. One of which no scorer was heard does not count."""
    found: Check | Failure | None = None
    try:
        look = partial(outcome_of, desk, check)
        found = await bells.first(
            str(check), look, lambda seen: seen is not None, desk.settings.check_seconds, to_the_end=True
        )
    finally:
        await asyncio.shield(run_in_threadpool(end_check, desk, check, found is not None))
    if found is None:
        raise Unavailable("check-unfinished", "no scorer came to check the file in time; this one does not count")
    if isinstance(found, Failure):
        raise Broken("check-failed", f"the file could not be checked: {found.sentence}")
    return found
