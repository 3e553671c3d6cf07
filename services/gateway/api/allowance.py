"""`GET /v1/allowance`: what the team has left, place by place."""

from fastapi import APIRouter

from services.gateway.api.auth import DeskDep, Reader
from services.gateway.api.views import AllowanceView
from services.gateway.store import challenges
from shared.errors import Forbidden, Unauthenticated, Unavailable
from shared.web import problems

router = APIRouter(prefix="/v1/allowance", tags=["allowance"])


@router.get(
    "",
    operation_id="read_allowance",
    summary="What my team has left, pool by pool",
    responses=problems(Unauthenticated, Forbidden, Unavailable),
)
def read_allowance(desk: DeskDep, caller: Reader) -> AllowanceView:
    """Each pool with its places, which submission took each, and when it comes back."""
    with desk.database.begin() as session:
        published = challenges.all_newest(session)
    pools = {
        split.limits.pool: split.limits
        for edition in published
        for name, task in edition.challenge.tasks.items()
        for key, split in task.splits.items()
        if (name, key) in edition.truths
    }
    standings = [desk.allowance.standing(caller.team, limits) for limits in pools.values()]
    return AllowanceView(team=caller.team_name, pools=standings)
