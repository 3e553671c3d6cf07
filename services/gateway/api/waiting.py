"""A team's submission, at once or as soon as it has an outcome: for whoever reads it, and for whoever has just sent it."""

import itertools
from typing import Annotated
from uuid import UUID

from fastapi import Query, Request

from services.gateway.api.auth import Caller, desk_of, still_counts
from services.gateway.api.bells import Bells
from services.gateway.desk import Desk
from services.gateway.lifecycle import FINAL_STATES
from services.gateway.store import submissions
from services.gateway.store.submissions import Judged
from shared.errors import Missing

WAIT_SECONDS = 60
"""Below the idle limits of common proxies."""

Wait = Annotated[
    float, Query(ge=0, le=WAIT_SECONDS, description="seconds to wait for an outcome", json_schema_extra={"example": 30})
]


def owned(desk: Desk, caller: Caller, submission: UUID) -> Judged:
    """A submission of the caller's team; raises `Missing` for others' as for none."""
    with desk.database.one_by_one() as session:
        judged = submissions.find(session, submission)
    if judged is None or judged.submission.team_id != caller.team:
        raise Missing(
            "no-such-submission", f"your team has no submission {submission}", "GET /v1/submissions lists them"
        )
    return judged


async def awaited(
    request: Request, caller: Caller, submission: UUID, wait_seconds: float, ask_again: bool = False
) -> Judged:
    """The submission the moment its outcome is there; as it stands when the time is up or we are to stop.

    `ask_again`: whether the key still counts is asked at each later look, so that a revoked one sees nothing more.
    """
    bells: Bells = request.app.state.bells
    looks = itertools.count()

    def look() -> Judged:
        if next(looks) and ask_again:
            still_counts(request, caller)
        return owned(desk_of(request), caller, submission)

    return await bells.first(str(submission), look, settled, wait_seconds)


def settled(judged: Judged) -> bool:
    """Whether nothing more happens to it by itself."""
    state = judged.evaluation.state if judged.evaluation else None
    return judged.submission.state == "abandoned" or state in FINAL_STATES
