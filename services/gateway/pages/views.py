"""The pages: editions, an edition, a board, an entry. Read only; they call what the API calls."""

from pathlib import Path
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.templating import Jinja2Templates
from starlette.responses import Response

from services.gateway.api.auth import DeskDep
from services.gateway.api.views import LimitsView, challenge_view
from services.gateway.leaderboard import LEVEL, board
from services.gateway.ranking import lower_is_better
from services.gateway.store import challenges
from shared.challenge import WEEK_SECONDS
from shared.errors import Missing

router = APIRouter(include_in_schema=False)
templates = Jinja2Templates(directory=Path(__file__).parent / "templates")


def _percent(value: float) -> str:
    return f"{100 * value:.2f} %"


def _moment(value: Any) -> str:
    return f"{value:%Y-%m-%d %H:%M} UTC"


def _allowance(limits: LimitsView) -> str:
    spans = {WEEK_SECONDS: "a week", 24 * 3600: "a day", 3600: "an hour"}
    return f"{limits.places} {spans.get(limits.window_seconds, f'in {limits.window_seconds:,} seconds')}"


templates.env.filters["allowance"] = _allowance
templates.env.filters["percent"] = _percent
templates.env.filters["moment"] = _moment


@router.get("/")
def editions(request: Request, desk: DeskDep) -> Response:
    """Every edition with its tasks and splits."""
    with desk.database.begin() as session:
        views = [challenge_view(published) for published in challenges.all_newest(session)]
    return templates.TemplateResponse(request, "editions.html", {"challenges": views})


@router.get("/challenges/{challenge}")
def edition(request: Request, challenge: str, desk: DeskDep) -> Response:
    """One edition: its tasks, formats, limits, and how to submit."""
    with desk.database.begin() as session:
        view = challenge_view(challenges.newest(session, challenge))
    return templates.TemplateResponse(request, "edition.html", {"challenge": view, "url": desk.settings.public_url})


@router.get("/challenges/{challenge}/{task}/{split}")
def leaderboard(request: Request, challenge: str, task: str, split: str, desk: DeskDep) -> Response:
    """A split's board."""
    with desk.database.begin() as session:
        venue = challenges.venue(session, challenge, task, split)
        entries = board(session, venue)
    context = {"venue": venue, "entries": entries, "level": LEVEL, "falls": lower_is_better(venue.task.headline)}
    return templates.TemplateResponse(request, "leaderboard.html", context)


@router.get("/challenges/{challenge}/{task}/{split}/entries/{submission}")
def entry(request: Request, challenge: str, task: str, split: str, submission: UUID, desk: DeskDep) -> Response:
    """One published entry: every metric with its intervals, and what was judged by what."""
    with desk.database.begin() as session:
        venue = challenges.venue(session, challenge, task, split)
        found = [entry for entry in board(session, venue) if entry.placing.id == submission]
    if not found:
        raise Missing("no-such-entry", f"there is no entry {submission} on this board")
    return templates.TemplateResponse(request, "entry.html", {"venue": venue, "entry": found[0]})
