"""`GET …/splits/{split}/leaderboard`: entries in rank order. Open to all."""

import json
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from services.gateway.api.auth import DeskDep
from services.gateway.api.cursors import PageCursor, read_pair, write_pair
from services.gateway.api.guests import Viewer
from services.gateway.api.parameters import ChallengeName, SplitName, TaskName
from services.gateway.api.unchanged import is_unchanged, not_modified, tag, validated
from services.gateway.api.views import EntryView, LeaderboardView
from services.gateway.leaderboard import Board, Entry, Order, Track, board
from services.gateway.ranking import lower_is_better
from services.gateway.store import audience, boards
from services.gateway.store.challenges import Venue
from shared.errors import Missing, Refused
from shared.report import Interval
from shared.web import problems

router = APIRouter(prefix="/v1/challenges", tags=["leaderboards"])

FORM = json.dumps(LeaderboardView.model_json_schema())
"""What an answer looks like: another form of it is another answer."""

MOST_ENTRIES = 10_000
UNCHANGED: dict[int | str, dict[str, Any]] = {
    304: {"description": "The board has not changed since the answer whose ETag is in If-None-Match."}
}


@router.get(
    "/{challenge}/tasks/{task}/splits/{split}/leaderboard",
    operation_id="read_leaderboard",
    summary="A split's board, page by page",
    response_model=LeaderboardView,
    responses=problems(Refused, Missing) | UNCHANGED,
)
def read_leaderboard(
    request: Request,
    challenge: ChallengeName,
    task: TaskName,
    split: SplitName,
    desk: DeskDep,
    viewer: Viewer,
    by: Annotated[Order, Query(description="what decides the contest, or the headline whatever decides")] = "winner",
    track: Annotated[Track | None, Query(description="only entries with this training data")] = None,
    limit: Annotated[int, Query(ge=1, le=MOST_ENTRIES, description="how many entries in a page")] = 100,
    cursor: PageCursor = None,
) -> Response:
    """Published entries by what decides the task: the headline, or categories won.

    By the headline, entries whose 99.9 % intervals overlap have overlapping ranges of ranks. With `track`, entries are
    ranked, and categories are won, among that track's own. Follow `next` until it is null; ranks are those of the whole
    board on every page.
    """
    after = read_pair(cursor)
    with desk.database.begin() as session:
        venue = audience.venue(session, challenge, task, split, viewer)
        etag = tag(boards.mark(session, venue), venue.published.digest, by, track, limit, cursor, FORM)
        if is_unchanged(request, etag):
            return not_modified(etag)
        found = board(session, venue, by, track)
        start = found.after(*after) if after else 0
        entries = found.entries(session, start, limit)
    view = _board_view(venue, by, found, entries, start)
    return Response(view.model_dump_json(), media_type="application/json", headers=validated(etag))


def _board_view(venue: Venue, by: Order, board: Board, entries: list[Entry], start: int) -> LeaderboardView:
    headline, winner = venue.task.headline, venue.task.winner
    end = start + len(entries)
    return LeaderboardView(
        challenge=venue.published.challenge.name,
        task=venue.task_name,
        split=venue.split_name,
        headline=headline,
        winner=winner,
        by=winner if by == "winner" else "headline",
        order="ascending" if lower_is_better(headline) else "descending",
        count=len(board),
        entries=[_entry_view(entry) for entry in entries],
        next=write_pair(end, entries[-1].candidate.id) if end < len(board) else None,
    )


def _entry_view(entry: Entry) -> EntryView:
    placing, candidate, shown = entry.placing, entry.candidate, entry.shown
    return EntryView(
        rank=placing.rank,
        rank_range=None if placing.best is None or placing.worst is None else (placing.best, placing.worst),
        team_rank=placing.team_rank,
        participating=shown.participating,
        categories_won=entry.won,
        submission=shown.submission,
        entry=shown.entry_id or shown.submission,
        team=shown.team,
        method=shown.method,
        description=shown.description,
        track=shown.track,
        published_at=shown.published_at,
        value=candidate.value,
        interval=Interval(low=candidate.low, high=candidate.high),
        metrics=dict(shown.metrics),
    )
