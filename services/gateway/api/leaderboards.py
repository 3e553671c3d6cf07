"""`GET …/splits/{split}/leaderboard`: entries in rank order. Open to all."""

from typing import Annotated

from fastapi import APIRouter, Query

from services.gateway.api.auth import DeskDep
from services.gateway.api.parameters import ChallengeName, SplitName, TaskName
from services.gateway.api.views import EntryView, LeaderboardView
from services.gateway.leaderboard import Entry, Order, Track, board
from services.gateway.ranking import lower_is_better
from services.gateway.store import challenges
from shared.errors import Missing
from shared.report import Interval
from shared.web import problems

router = APIRouter(prefix="/v1/challenges", tags=["leaderboards"])


@router.get(
    "/{challenge}/tasks/{task}/splits/{split}/leaderboard",
    operation_id="read_leaderboard",
    summary="A split's board",
    responses=problems(Missing),
)
def read_leaderboard(
    challenge: ChallengeName,
    task: TaskName,
    split: SplitName,
    desk: DeskDep,
    by: Annotated[Order, Query(description="what decides the contest, or the headline whatever decides")] = "winner",
    track: Annotated[Track | None, Query(description="only entries with this training data")] = None,
) -> LeaderboardView:
    """Published entries by what decides the task: the headline, or categories won.

    By the headline, entries whose 99.9 % intervals overlap have overlapping ranges of ranks. With `track`, entries are
    ranked, and categories are won, among that track's own.
    """
    with desk.database.begin() as session:
        venue = challenges.venue(session, challenge, task, split)
        entries = board(session, venue, by, track)
    headline = venue.task.headline
    return LeaderboardView(
        challenge=challenge,
        task=task,
        split=split,
        headline=headline,
        winner=venue.task.winner,
        by=venue.task.winner if by == "winner" else "headline",
        order="ascending" if lower_is_better(headline) else "descending",
        entries=[_entry_view(entry) for entry in entries],
    )


def _entry_view(entry: Entry) -> EntryView:
    submission, evaluation = entry.judged.submission, entry.judged.evaluation
    assert submission.published_at is not None
    best, worst = entry.placing.best, entry.placing.worst
    return EntryView(
        rank=entry.placing.rank,
        rank_range=None if best is None or worst is None else (best, worst),
        team_rank=entry.team_rank,
        participating=submission.participating,
        categories_won=entry.won,
        submission=submission.id,
        entry=submission.entry_id or submission.id,
        team=entry.judged.team.name,
        method=submission.method,
        description=submission.description,
        track=submission.track,
        published_at=submission.published_at,
        value=entry.value,
        interval=Interval(low=entry.low, high=entry.high),
        metrics=evaluation.metrics or {} if evaluation else {},
    )
