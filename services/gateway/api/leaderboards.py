"""`GET …/splits/{split}/leaderboard`: entries in rank order. Open to all."""

from fastapi import APIRouter

from services.gateway.api.auth import DeskDep
from services.gateway.api.parameters import ChallengeName, SplitName, TaskName
from services.gateway.api.views import EntryView, LeaderboardView
from services.gateway.leaderboard import Entry, board
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
def read_leaderboard(challenge: ChallengeName, task: TaskName, split: SplitName, desk: DeskDep) -> LeaderboardView:
    """Published entries by the headline metric. Entries whose 99.9 % intervals overlap have overlapping ranges of ranks."""
    with desk.database.begin() as session:
        venue = challenges.venue(session, challenge, task, split)
        entries = board(session, venue)
    headline = venue.task.headline
    return LeaderboardView(
        challenge=challenge,
        task=task,
        split=split,
        headline=headline,
        order="ascending" if lower_is_better(headline) else "descending",
        entries=[_entry_view(entry) for entry in entries],
    )


def _entry_view(entry: Entry) -> EntryView:
    submission, evaluation = entry.judged.submission, entry.judged.evaluation
    assert submission.published_at is not None
    return EntryView(
        rank=entry.placing.rank,
        rank_range=(entry.placing.best, entry.placing.worst),
        submission=submission.id,
        team=entry.judged.team.name,
        method=submission.method,
        description=submission.description,
        track=submission.track,
        published_at=submission.published_at,
        value=entry.value,
        interval=Interval(low=entry.low, high=entry.high),
        metrics=evaluation.metrics or {} if evaluation else {},
    )
