"""The pages: editions, an edition, a task, a board, an entry. Read only; they call what the API calls."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from services.gateway.actions.results import Reading
from services.gateway.api import practice
from services.gateway.api.auth import DeskDep
from services.gateway.api.guests import Viewer
from services.gateway.api.unchanged import is_unchanged, not_modified, tag, validated
from services.gateway.api.views import challenge_view, task_view
from services.gateway.leaderboard import Order, Track, board
from services.gateway.pages.numberings import numberings
from services.gateway.pages.rendering import FORM, page
from services.gateway.pages.reports import details
from services.gateway.pages.sheets import PAGE_ENTRIES, sheet_of
from services.gateway.pages.taking import taking
from services.gateway.ranking import lower_is_better
from services.gateway.store import audience, boards, challenges
from services.gateway.store.boards import LEVEL
from services.gateway.store.challenges import Published
from shared.errors import Missing

router = APIRouter(include_in_schema=False)


@router.get("/")
def editions(request: Request, desk: DeskDep, viewer: Viewer) -> Response:
    """Every edition with its tasks and splits; the practice task with what to type."""
    with desk.database.begin() as session:
        views = [challenge_view(published) for published in audience.all_newest(session, viewer)]
    contests = [view for view in views if view.name != practice.CHALLENGE]
    context = {"challenges": contests, "practice": practice if contests != views else None}
    return page(request, "editions.html", context | {"url": desk.settings.public_url})


@router.get("/challenges/{challenge}")
def edition(request: Request, challenge: str, desk: DeskDep, viewer: Viewer) -> Response:
    """One edition: its tasks, splits and limits."""
    with desk.database.begin() as session:
        view = challenge_view(audience.newest(session, challenge, viewer))
    return page(request, "edition.html", {"challenge": view})


@router.get("/challenges/{challenge}/{task}")
def task(request: Request, challenge: str, task: str, desk: DeskDep, viewer: Viewer) -> Response:
    """One task: its format, a sample, how a file may name categories, every way to submit, and how long the queue is."""
    with desk.database.begin() as session:
        published = audience.newest(session, challenge, viewer)
    context = task_context(published, task) | {"url": desk.settings.public_url, "queue": desk.outlook.picture()}
    return page(request, "task.html", context)


def task_context(published: Published, name: str) -> dict[str, Any]:
    """What a task's page shows of the definition."""
    rules = challenges.task_of(published, name)
    view = task_view(published, name, rules)
    categories = published.challenge.synsets_of(rules)[: rules.categories]
    named_by = numberings(categories)
    return {
        "challenge": published.challenge,
        "task": view,
        "split": next((split for split in view.splits if split.open), None),
        "numberings": named_by,
        "first_id": 0 if rules.kind == "scene-classification" else 1,
        "categories": () if named_by else categories,
    }


@router.get("/challenges/{challenge}/{task}/{split}")
def leaderboard(
    request: Request,
    challenge: str,
    task: str,
    split: str,
    desk: DeskDep,
    viewer: Viewer,
    by: Order = "winner",
    track: Track | None = None,
    number: Annotated[int, Query(alias="page", ge=1)] = 1,
) -> Response:
    """A page of a split's board, of all entries or of one track, by what decides or by the headline."""
    with desk.database.begin() as session:
        venue = audience.venue(session, challenge, task, split, viewer)
        etag = tag(boards.mark(session, venue), venue.published.digest, by, track, number, FORM)
        if is_unchanged(request, etag):
            return not_modified(etag)
        found = board(session, venue, by, track)
        sheet = sheet_of(len(found), number)
        entries = found.entries(session, sheet.first - 1, PAGE_ENTRIES)
    context = {
        "venue": venue,
        "entries": entries,
        "sheet": sheet,
        "level": LEVEL,
        "falls": lower_is_better(venue.task.headline),
        "by": by,
        "track": track,
    }
    answer = page(request, "leaderboard.html", context)
    answer.headers.update(validated(etag))
    return answer


@router.get("/challenges/{challenge}/{task}/{split}/entries/{submission}")
def entry(
    request: Request, challenge: str, task: str, split: str, submission: UUID, desk: DeskDep, viewer: Viewer
) -> Response:
    """One published entry: every metric with its intervals, categories with their curves, and what was judged by what."""
    with desk.database.begin() as session:
        venue = audience.venue(session, challenge, task, split, viewer)
        found = board(session, venue).entry(session, submission)
        if found is None:
            raise Missing("no-such-entry", f"there is no entry {submission} on this board")
        placed, judged = found
        result = Reading(desk, session).seen(judged).scored()
    context = {
        "venue": venue,
        "entry": placed,
        "judged": judged,
        "details": details(desk, judged.evaluation) if judged.evaluation else None,
        "taking": taking(result, desk.settings.public_url),
    }
    return page(request, "entry.html", context)
