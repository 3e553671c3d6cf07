"""`GET /v1/submissions/{submission}/badge.svg`: a score as a small picture, for READMEs. Open to all once it is published.

That there is none is said by a picture, too, with status 404: whoever embeds it sees what is wrong. Other refusals are
problems, as everywhere.
"""

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request
from sqlalchemy.orm import Session
from starlette.responses import Response

from services.gateway.actions.results import Seen, see
from services.gateway.api.auth import DeskDep
from services.gateway.api.guests import KEY_OR_NONE, TeamOrGuest, has_bad_key
from services.gateway.api.result_parameters import Decimals, Level
from services.gateway.api.submissions import Submission
from services.gateway.api.unchanged import is_unchanged, tag
from services.gateway.leaderboard import board
from services.gateway.results.badge import Badge, draw
from services.gateway.results.badges import rank_badge, refusal_badge, score_badge, state_badge
from services.gateway.results.figures import DECIMALS
from services.gateway.results.result import LEVEL
from services.gateway.store import audience
from shared.errors import Forbidden, Missing, Unauthenticated
from shared.web import problems

router = APIRouter(prefix="/v1/submissions", tags=["results"])

MEDIA = "image/svg+xml"
HARMLESS = {
    "Access-Control-Allow-Origin": "*",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "X-Content-Type-Options": "nosniff",
    "Vary": "Authorization",
}
"""To be shown anywhere, and able to do nothing there."""

_MISSING = problems(Missing)[Missing.status]
ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {"description": "The badge.", "content": {MEDIA: {"schema": {"type": "string"}}}},
    304: {"description": "The badge has not changed since the answer whose ETag is in If-None-Match."},
    Missing.status: {
        "description": "No such submission, metric or entry; the picture says so.",
        "content": _MISSING["content"] | {MEDIA: {"schema": {"type": "string"}}},
    },
}


@router.get(
    "/{submission}/badge.svg",
    operation_id="draw_badge",
    summary="A badge with the score, as SVG",
    response_class=Response,
    responses=problems(Unauthenticated, Forbidden) | ANSWERS,
    openapi_extra=KEY_OR_NONE,
)
def draw_badge(
    request: Request,
    desk: DeskDep,
    team: TeamOrGuest,
    submission: Submission,
    show: Annotated[Literal["score", "rank"], Query(description="a metric, or where it stands on its board")] = "score",
    metric: Annotated[str | None, Query(max_length=100, description="which metric; by default the headline")] = None,
    level: Level = LEVEL,
    decimals: Decimals = DECIMALS,
    interval: Annotated[bool, Query(description="show the interval")] = True,
    label: Annotated[str | None, Query(max_length=100, description="the text on the left, in place of ours")] = None,
) -> Response:
    """`ImageNet top-5 error 6.18 % [5.97, 6.39]`. A submission that is not published needs its team's key.

    Until there is a score, the badge says how far it is. An interval is rounded outwards, so that it is never shown
    narrower than it is.
    """
    try:
        with desk.database.begin() as session:
            seen = see(desk, session, team, submission)
            if show == "rank":
                badge = _rank(session, seen, team, label)
            elif seen.result is None:
                badge = state_badge(seen.place, seen.judged.progress, label)
            else:
                (name,) = seen.result.chosen([metric] if metric else None)
                badge = score_badge(seen.result, name, level, decimals, interval, label)
    except Missing as refusal:
        if has_bad_key(request):
            raise
        return _drawn(request, refusal_badge(refusal, label), "no-cache", refusal.status)
    return _drawn(request, badge, "no-cache" if seen.is_public else "private, no-cache")


def _rank(session: Session, seen: Seen, team: UUID | None, label: str | None) -> Badge:
    """Where it stands by what decides the task, now, on the board as the `team` that asks sees it."""
    if seen.result is None:
        return state_badge(seen.place, seen.judged.progress, label)
    row = seen.judged.submission
    found = board(session, audience.venue(session, row.challenge, row.task, row.split, team))
    placed = found.entry(session, row.id)
    if placed is None:
        raise Missing("no-such-entry", f"there is no entry {row.id} on this board")
    entry, _ = placed
    return rank_badge(seen.result, entry.placing, entry.won, found.ranked, label)


def _drawn(request: Request, badge: Badge, kept: str, status: int = 200) -> Response:
    picture = draw(badge)
    etag = tag(picture)
    # Whoever keeps it asks each time: a score may be evaluated anew, and a challenge be hidden.
    headers = HARMLESS | {"ETag": etag, "Cache-Control": kept}
    if status == 200 and is_unchanged(request, etag):
        return Response(status_code=304, headers=headers)
    return Response(picture, status, headers, media_type=MEDIA)
