"""Have a sealed submission evaluated: when it is sealed, anew under a new version, again after a failure of ours."""

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy.orm import Session

from services.gateway.desk import Desk
from services.gateway.store import challenges, line, outbox, rescoring, submissions
from services.gateway.store.challenges import Published
from services.gateway.tables import EvaluationRow, SubmissionRow
from shared.clock import Clock
from shared.database import Database
from shared.errors import Conflict, Missing

BATCH = 200
"""Evaluated anew in one transaction, some four round trips each: half a second, and nobody waits for even that."""


def queue_evaluation(
    session: Session,
    submission: SubmissionRow,
    published: Published,
    truth: str,
    now: datetime,
    lane: int | None = None,
) -> None:
    """Add an evaluation under this definition and truth to the caller's transaction, in line to be queued.

    In the lane of its split, unless another is named.
    """
    if lane is None:
        lane = line.lane_of(published.challenge.tasks[submission.task].splits[submission.split])
    evaluation = EvaluationRow(
        id=uuid4(),
        submission_id=submission.id,
        version=published.challenge.version,
        definition=published.digest,
        truth=truth,
        state="queued",
        attempt=1,
        created_at=now,
        heard_at=now,
    )
    session.add(evaluation)
    session.flush()
    outbox.stand_in_line(session, evaluation.id, 1, submission, lane, now)


def evaluate_anew(database: Database, clock: Clock, challenge: str) -> None:
    """Queue every sealed submission whose newest evaluation is of an older version than the newest.

    The outcomes before stay, and stand on the board until the new ones are there. No place is charged or returned.
    Whoever dies in the middle leaves the rest to a sweep.
    """
    while evaluate_some_anew(database, clock, challenge):
        pass


def evaluate_some_anew(database: Database, clock: Clock, challenge: str) -> int:
    """Queue a batch of them; returns how many: 0 when none is left, which is noted."""
    with database.begin() as session:
        rescoring.hold(session, challenge)
        since = rescoring.owed_since(session, challenge)
        published = challenges.newest(session, challenge)
        rows = submissions.behind(session, published, BATCH)
        now = clock()
        for row in rows:
            queue_evaluation(session, row, published, published.truths[row.task, row.split], now, line.ANEW)
        if not rows:
            rescoring.done(session, challenge, since)
    return len(rows)


def evaluate_again(desk: Desk, submission: UUID) -> None:
    """Queue a submission whose evaluation failed once more: what made it fail is mended. Nothing is charged.

    Raises `Missing`, and `Conflict` when its newest evaluation is none that failed, or the split takes none now.
    """
    with desk.database.begin() as session:
        found = submissions.find(session, submission)
        if found is None:
            raise Missing("no-such-submission", f"there is no submission {submission}")
        row = found.submission
        rescoring.hold(session, row.challenge)
        challenges.hold_still(session, row.challenge)
        # Of two who ask at once the second sees what the first has queued.
        submissions.hold(session, submission)
        venue = challenges.venue(session, row.challenge, row.task, row.split)
        newest = submissions.newest_evaluation(session, submission)
        if newest is None or newest.state != "failed":
            state = newest.state if newest else row.state
            raise Conflict("not-failed", f"the submission is {state}; only what failed is evaluated again")
        if venue.truth is None:
            raise Conflict("split-closed", f"{row.split} of {row.challenge} has no ground truth now")
        line.hold_turn(session, row.team_id)
        queue_evaluation(session, row, venue.published, venue.truth, desk.clock())
