"""A split's board: its entries, ranked, with the ranges that their intervals leave open. Used by API and pages.

Where categories won decide, there are two tables of the same entries: by these, and by the headline.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from sqlalchemy.orm import Session

from services.gateway.contests import categories_won
from services.gateway.ranking import Candidate, Placing, ranked_by_count, team_ranks, with_guests
from services.gateway.store import submissions
from services.gateway.store.challenges import Venue
from services.gateway.store.leads import leads
from services.gateway.store.submissions import Judged

LEVEL = "99.9"
"""The intervals by which entries are told apart: the challenge's own level."""

Order = Literal["winner", "headline"]
"""What a board is ordered by: what decides the contest, or the headline whatever decides."""

Track = Literal["provided", "external"]


@dataclass(frozen=True, slots=True)
class Entry:
    """A placed entry: its submission and evaluation, its headline and the ends of its interval.

    `team_rank` is where its team stands by its best entry. `won` counts categories, None where they are not counted: in
    other tasks, and for an entry outside the contest.
    """

    placing: Placing
    judged: Judged
    value: float
    low: float
    high: float
    team_rank: int | None
    won: int | None


def board(session: Session, venue: Venue, by: Order = "winner", track: Track | None = None) -> list[Entry]:
    """The entries of `venue` in rank order; equal ones by the headline, then in the order in which they were published.

    With a `track`, its entries alone: they are ranked, and categories are won, among those on the board.
    """
    headline = venue.task.headline
    judged = submissions.entries(session, venue.published.challenge.name, venue.task_name, venue.split_name, track)
    # Under an older version there may have been another headline; such an entry waits for its new evaluation.
    rows = {row.submission.id: row for row in judged if row.evaluation and headline in (row.evaluation.metrics or {})}
    contest = {entry: row for entry, row in rows.items() if row.submission.participating}
    candidates = {entry: _candidate(row, headline) for entry, row in rows.items()}
    placings = with_guests(list(candidates.values()), headline, contest)
    won = _won(session, contest) if venue.task.winner == "categories_won" else {}
    if won and by == "winner":
        placings = ranked_by_count(placings, won)
    return _entries(placings, rows, candidates, won)


def _won(session: Session, contest: Mapping[UUID, Judged]) -> dict[UUID, int]:
    """How many categories each entry of the contest has won, 0 included."""
    taken = categories_won(
        leads(session, {entry: row.evaluation.id for entry, row in contest.items() if row.evaluation})
    )
    return {entry: taken[entry] for entry in contest}


def _entries(
    placings: Sequence[Placing],
    rows: Mapping[UUID, Judged],
    candidates: Mapping[UUID, Candidate],
    won: Mapping[UUID, int],
) -> list[Entry]:
    teams = team_ranks(placings, {entry: row.team.id for entry, row in rows.items()})
    return [
        Entry(
            placing,
            rows[placing.id],
            candidates[placing.id].value,
            candidates[placing.id].low,
            candidates[placing.id].high,
            None if placing.rank is None else teams[rows[placing.id].team.id],
            won.get(placing.id),
        )
        for placing in placings
    ]


def _candidate(judged: Judged, headline: str) -> Candidate:
    evaluation = judged.evaluation
    assert evaluation is not None
    assert evaluation.metrics is not None
    value = float(evaluation.metrics[headline])
    ends = (evaluation.intervals or {}).get(headline, {}).get(LEVEL, {"low": value, "high": value})
    return Candidate(judged.submission.id, value, float(ends["low"]), float(ends["high"]))
