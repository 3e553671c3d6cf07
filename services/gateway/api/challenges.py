"""`/v1/challenges`: editions, tasks, splits, limits, formats, samples. Open to all, but for private ones."""

from fastapi import APIRouter
from fastapi.responses import PlainTextResponse

from services.gateway.api import practice
from services.gateway.api.auth import DeskDep
from services.gateway.api.guests import Viewer
from services.gateway.api.parameters import ChallengeName, TaskName
from services.gateway.api.views import ChallengeView, TaskView, challenge_view, task_view
from services.gateway.store import audience, challenges
from shared.errors import Missing
from shared.web import problems

router = APIRouter(prefix="/v1/challenges", tags=["challenges"])


@router.get("", operation_id="list_challenges", summary="Every edition, newest version")
def list_challenges(desk: DeskDep, viewer: Viewer) -> list[ChallengeView]:
    """All editions by name, with their tasks, splits and limits. A private one is here for the teams that it invites."""
    with desk.database.begin() as session:
        return [challenge_view(published) for published in audience.all_newest(session, viewer)]


@router.get("/{challenge}", operation_id="read_challenge", summary="One edition", responses=problems(Missing))
def read_challenge(challenge: ChallengeName, desk: DeskDep, viewer: Viewer) -> ChallengeView:
    """An edition with its tasks, splits, limits and how sure each protocol is."""
    with desk.database.begin() as session:
        return challenge_view(audience.newest(session, challenge, viewer))


@router.get("/{challenge}/tasks/{task}", operation_id="read_task", summary="One task", responses=problems(Missing))
def read_task(challenge: ChallengeName, task: TaskName, desk: DeskDep, viewer: Viewer) -> TaskView:
    """A task: its format, a sample, its splits."""
    with desk.database.begin() as session:
        published = audience.newest(session, challenge, viewer)
    return task_view(published, task, challenges.task_of(published, task))


@router.get(
    "/{challenge}/tasks/{task}/sample",
    operation_id="download_sample",
    summary="The first lines of a predictions file",
    response_class=PlainTextResponse,
    responses=problems(Missing) | {200: {"content": {"text/plain": {"example": practice.SAMPLE}}}},
)
def download_sample(challenge: ChallengeName, task: TaskName, desk: DeskDep, viewer: Viewer) -> PlainTextResponse:
    """Three lines in the task's own format, to compare yours with. A whole file has a line for every image."""
    with desk.database.begin() as session:
        rules = challenges.task_of(audience.newest(session, challenge, viewer), task)
    if not rules.sample:
        raise Missing("no-sample", f"the definition of {challenge}/{task} has no sample", "its `format` says the form")
    name = f"{challenge}-{task}-sample.txt"
    return PlainTextResponse(rules.sample, headers={"Content-Disposition": f'attachment; filename="{name}"'})
