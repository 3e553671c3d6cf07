"""The pages: editions, an edition, a task, a board, an entry. Read only; they call what the API calls."""

from uuid import UUID

from fastapi import APIRouter, Request
from starlette.responses import Response

from services.gateway.api import practice
from services.gateway.api.auth import DeskDep
from services.gateway.api.views import challenge_view, task_view
from services.gateway.leaderboard import LEVEL, Order, Track, board
from services.gateway.pages.numberings import numberings
from services.gateway.pages.rendering import page
from services.gateway.pages.reports import details
from services.gateway.ranking import lower_is_better
from services.gateway.store import challenges
from shared.errors import Missing

router = APIRouter(include_in_schema=False)


@router.get("/")
def editions(request: Request, desk: DeskDep) -> Response:
    """Every edition with its tasks and splits; the practice task with what to type."""
    with desk.database.begin() as session:
        views = [challenge_view(published) for published in challenges.all_newest(session)]
    contests = [view for view in views if view.name != practice.CHALLENGE]
    context = {"challenges": contests, "practice": practice if contests != views else None}
    return page(request, "editions.html", context | {"url": desk.settings.public_url})


@router.get("/challenges/{challenge}")
def edition(request: Request, challenge: str, desk: DeskDep) -> Response:
    """One edition: its tasks, splits and limits."""
    with desk.database.begin() as session:
        view = challenge_view(challenges.newest(session, challenge))
    return page(request, "edition.html", {"challenge": view})


@router.get("/challenges/{challenge}/{task}")
def task(request: Request, challenge: str, task: str, desk: DeskDep) -> Response:
    """One task: its format, a sample, how a file may name categories, every way to submit, and how long the queue is."""
    with desk.database.begin() as session:
        published = challenges.newest(session, challenge)
    rules = challenges.task_of(published, task)
    view = task_view(published, task, rules)
    context = {
        "challenge": published.challenge,
        "task": view,
        "split": next((split for split in view.splits if split.open), None),
        "numberings": numberings(published.challenge.synsets[: rules.categories]),
        "url": desk.settings.public_url,
        "queue": desk.outlook.picture(),
    }
    return page(request, "task.html", context)


@router.get("/challenges/{challenge}/{task}/{split}")
def leaderboard(
    request: Request,
    challenge: str,
    task: str,
    split: str,
    desk: DeskDep,
    by: Order = "winner",
    track: Track | None = None,
) -> Response:
    """A split's board, of all entries or of one track, by what decides or by the headline."""
    with desk.database.begin() as session:
        venue = challenges.venue(session, challenge, task, split)
        entries = board(session, venue, by, track)
    context = {
        "venue": venue,
        "entries": entries,
        "level": LEVEL,
        "falls": lower_is_better(venue.task.headline),
        "by": by,
        "track": track,
    }
    return page(request, "leaderboard.html", context)


@router.get("/challenges/{challenge}/{task}/{split}/entries/{submission}")
def entry(request: Request, challenge: str, task: str, split: str, submission: UUID, desk: DeskDep) -> Response:
    """One published entry: every metric with its intervals, categories with their curves, and what was judged by what."""
    with desk.database.begin() as session:
        venue = challenges.venue(session, challenge, task, split)
        found = [entry for entry in board(session, venue) if entry.placing.id == submission]
    if not found:
        raise Missing("no-such-entry", f"there is no entry {submission} on this board")
    evaluation = found[0].judged.evaluation
    shown = details(desk, evaluation) if evaluation else None
    return page(request, "entry.html", {"venue": venue, "entry": found[0], "details": shown})
