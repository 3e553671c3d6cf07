"""A split's board: its entries, ranked, with the ranges that their intervals leave open. Used by API and pages."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from services.gateway.ranking import Candidate, Placing, ranked
from services.gateway.store import submissions
from services.gateway.store.challenges import Venue
from services.gateway.store.submissions import Judged

LEVEL = "99.9"
"""The intervals by which entries are told apart: the challenge's own level."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A placed entry: its submission and evaluation, its headline and the ends of its interval."""

    placing: Placing
    judged: Judged
    value: float
    low: float
    high: float


def board(session: Session, venue: Venue) -> list[Entry]:
    """The entries of `venue` in rank order; equal values in the order in which they were published."""
    headline = venue.task.headline
    judged = submissions.entries(session, venue.published.challenge.name, venue.task_name, venue.split_name)
    # Under an older version there may have been another headline; such an entry waits for its new evaluation.
    comparable = [row for row in judged if row.evaluation and headline in (row.evaluation.metrics or {})]
    candidates = {row.submission.id: (row, _candidate(row, headline)) for row in comparable}
    placings = ranked([candidate for _, candidate in candidates.values()], headline)
    return [_entry(placing, *candidates[placing.id]) for placing in placings]


def _entry(placing: Placing, judged: Judged, candidate: Candidate) -> Entry:
    return Entry(placing, judged, candidate.value, candidate.low, candidate.high)


def _candidate(judged: Judged, headline: str) -> Candidate:
    evaluation = judged.evaluation
    assert evaluation is not None
    assert evaluation.metrics is not None
    value = float(evaluation.metrics[headline])
    ends = (evaluation.intervals or {}).get(headline, {}).get(LEVEL, {"low": value, "high": value})
    submission: UUID = judged.submission.id
    return Candidate(submission, value, float(ends["low"]), float(ends["high"]))
