"""`GET /v1/allowance`: what the team has left, place by place: what took each, and what came back and why."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter, Response

from services.gateway.api.auth import DeskDep, Reader
from services.gateway.api.places import joined_headers
from services.gateway.api.views import AllowanceView, PlaceView, PoolView, ReturnedView
from services.gateway.desk import Desk
from services.gateway.lifecycle import ReturnedFor
from services.gateway.store import audience, submissions
from services.gateway.store.submissions import Judged
from services.gateway.threads import LEDGER
from shared.errors import Forbidden, Unauthenticated, Unavailable
from shared.messages import PlaceReturned, PlaceTaken, Statement
from shared.web import problems

router = APIRouter(prefix="/v1/allowance", tags=["allowance"])


@router.get(
    "",
    operation_id="read_allowance",
    summary="What my team has left, pool by pool",
    responses=problems(Unauthenticated, Forbidden, Unavailable),
)
async def read_allowance(desk: DeskDep, caller: Reader, response: Response) -> AllowanceView:
    """Each pool with its places: which submission took each, what became of it, and when the place comes back.

    Places given back in the last 24 hours are told with the reason. The RateLimit fields have one member for each pool.
    """
    statements, named = await LEDGER.run(_statements, desk, caller.team)
    response.headers.update(joined_headers(statements))
    return AllowanceView(team=caller.team_name, pools=[_pool_view(statement, named) for statement in statements])


def _statements(desk: Desk, team: UUID) -> tuple[list[Statement], dict[UUID, Judged]]:
    """One of each pool, and the submissions that they speak of."""
    with desk.database.begin() as session:
        published = audience.all_newest(session, team)
    pools = {
        split.limits.pool: split.limits
        for edition in published
        for name, task in edition.challenge.tasks.items()
        for key, split in task.splits.items()
        if (name, key) in edition.truths
    }
    statements = [desk.allowance.statement(team, limits) for limits in pools.values()]
    with desk.database.begin() as session:
        return statements, submissions.those(session, team, _submissions_in(statements))


def _submissions_in(statements: list[Statement]) -> set[UUID]:
    taken = {place.submission for statement in statements for place in statement.taken}
    return taken | {place.submission for statement in statements for place in statement.given_back}


def _pool_view(statement: Statement, named: dict[UUID, Judged]) -> PoolView:
    return PoolView.model_validate(
        dict(statement)
        | {
            "taken": [_place_view(place, named.get(place.submission)) for place in statement.taken],
            "given_back": [_returned_view(place, named.get(place.submission)) for place in statement.given_back],
        }
    )


def _place_view(place: PlaceTaken, judged: Judged | None) -> PlaceView:
    return PlaceView.model_validate(dict(place) | _what(judged) | {"progress": judged.progress if judged else None})


def _returned_view(place: PlaceReturned, judged: Judged | None) -> ReturnedView:
    told = {"submission": place.submission, "taken_at": place.taken_at, "returned_at": place.returned_at}
    return ReturnedView.model_validate(told | _what(judged) | {"reason": _reason(place, judged)})


def _what(judged: Judged | None) -> dict[str, Any]:
    """What was sent, and where to; nothing of a submission that there is no row of any more."""
    names = ("challenge", "task", "split", "method")
    return {name: getattr(judged.submission, name) if judged else None for name in names}


def _reason(place: PlaceReturned, judged: Judged | None) -> ReturnedFor:
    """Why a place came back: before its file was sealed the upload ended, after it an outcome was told."""
    if place.state == "released":
        if judged is not None and judged.submission.digest is not None:
            return "reused"
        return "refused" if place.fault == "theirs" else "cut"
    if judged is not None and judged.submission.forgiven_at is not None:
        return "forgiven"
    if place.fault == "theirs":
        return "rejected"
    state = judged.evaluation.state if judged and judged.evaluation else "failed"
    return "forgiven" if state in ("scored", "rejected") else "failed"
