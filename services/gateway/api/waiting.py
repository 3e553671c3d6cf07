"""A team's submission, at once or as soon as it has an outcome: for whoever reads it, and for whoever has just sent it."""

import asyncio
import contextlib
from typing import Annotated
from uuid import UUID

from fastapi import Query, Request
from starlette.concurrency import run_in_threadpool

from services.gateway.api.auth import Caller, desk_of
from services.gateway.api.bells import Bells
from services.gateway.desk import Desk
from services.gateway.lifecycle import FINAL_STATES
from services.gateway.store import submissions
from services.gateway.store.submissions import Judged
from shared.errors import Missing

WAIT_SECONDS = 60

Wait = Annotated[
    float, Query(ge=0, le=WAIT_SECONDS, description="seconds to wait for an outcome", json_schema_extra={"example": 30})
]


def owned(desk: Desk, caller: Caller, submission: UUID) -> Judged:
    """A submission of the caller's team; raises `Missing` for others' as for none."""
    with desk.database.begin() as session:
        judged = submissions.find(session, submission)
    if judged is None or judged.submission.team_id != caller.team:
        raise Missing(
            "no-such-submission", f"your team has no submission {submission}", "GET /v1/submissions lists them"
        )
    return judged


async def awaited(request: Request, caller: Caller, submission: UUID, wait_seconds: float) -> Judged:
    """The submission the moment its outcome is there; as it stands when the time is up or we are to stop."""
    bells: Bells = request.app.state.bells
    loop = asyncio.get_running_loop()
    with bells.expecting(str(submission)) as bell:
        deadline = loop.time() + wait_seconds
        while True:
            bell.clear()
            judged = await run_in_threadpool(owned, desk_of(request), caller, submission)
            left = deadline - loop.time()
            if _settled(judged) or left <= 0 or bells.closing:
                return judged
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(left):
                    await bell.wait()


def _settled(judged: Judged) -> bool:
    state = judged.evaluation.state if judged.evaluation else None
    return judged.submission.state == "abandoned" or state in FINAL_STATES
