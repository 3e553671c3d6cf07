"""The answer to whoever has sent a file, in one body or in parts: what it came to, and what the team has left."""

import contextlib
from typing import Any

from fastapi import Request, Response

from services.gateway.actions.remember import Key, keep_answer
from services.gateway.actions.seal import Accepted
from services.gateway.api.auth import Caller, desk_of
from services.gateway.api.places import place_headers
from services.gateway.api.views import AcceptedView, submission_view
from services.gateway.api.waiting import awaited
from services.gateway.desk import Desk
from services.gateway.lifecycle import FINAL_STATES
from services.gateway.store.submissions import Judged
from services.gateway.threads import LEDGER
from shared.challenge import Limits
from shared.errors import Unavailable
from shared.messages import Standing

REUSED: dict[int | str, dict[str, Any]] = {
    200: {"model": AcceptedView, "description": "The team has sent these bytes before: what they came to, free"}
}
"""The `responses` of a route that answers so, beside those of its own."""


async def answer_accepted(
    request: Request, caller: Caller, accepted: Accepted, limits: Limits, wait_seconds: float, key: Key | None = None
) -> Response:
    """202 with the submission, as soon as it has an outcome or the time is up; 200 where an earlier one stands for it.

    What is answered under `key` is kept, and answered again byte for byte.
    """
    desk = desk_of(request)
    standing, content = accepted.standing, accepted.answer
    if content is None:
        judged = await awaited(request, caller, accepted.submission, wait_seconds)
        content, standing = await LEDGER.run(_answer, desk, accepted, judged, limits, key)
    elif standing is None:
        standing = await LEDGER.run(standing_if_known, desk, caller, limits)
    return Response(
        content, 200 if accepted.reused else 202, _headers(accepted, standing), media_type="application/json"
    )


def _answer(desk: Desk, accepted: Accepted, judged: Judged, limits: Limits, key: Key | None) -> tuple[str, Standing]:
    """The body of the answer, and the standing in it. What was decided meanwhile may have given a place back."""
    standing = accepted.standing
    if standing is None or _is_final(judged):
        standing = desk.allowance.standing(judged.team.id, limits)
    view = AcceptedView(submission=submission_view(judged, desk.outlook), allowance=standing, reused=accepted.reused)
    content = view.model_dump_json()
    return keep_answer(desk, key, accepted.submission, content) if key else content, standing


def standing_if_known(desk: Desk, caller: Caller, limits: Limits) -> Standing | None:
    """What the team has left by now; a repeated answer does not fail for not knowing it."""
    with contextlib.suppress(Unavailable):
        return desk.allowance.standing(caller.team, limits)
    return None


def _headers(accepted: Accepted, standing: Standing | None) -> dict[str, str]:
    headers = {"Location": f"/v1/submissions/{accepted.submission}"}
    if standing is not None:
        headers |= place_headers(standing)
    if accepted.replayed:
        headers["Idempotency-Replayed"] = "true"
    return headers


def _is_final(judged: Judged) -> bool:
    return judged.evaluation is not None and judged.evaluation.state in FINAL_STATES
