"""Have a sealed submission evaluated: when it is sealed, anew under a new version, again after a failure of ours."""

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy.orm import Session

from services.gateway.desk import Desk
from services.gateway.store import challenges, line, outbox, submissions
from services.gateway.store.challenges import Published
from services.gateway.tables import EvaluationRow, SubmissionRow
from shared.errors import Conflict, Missing


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


def evaluate_anew(session: Session, published: Published, now: datetime) -> int:
    """Queue every sealed submission whose newest evaluation is of an older version; returns how many.

    The outcomes before stay, and stand on the board until the new ones are there. No place is charged or returned.
    """
    anew = 0
    for (task, split), truth in published.truths.items():
        for submission in submissions.behind(
            session, published.challenge.name, task, split, published.challenge.version
        ):
            row = session.get_one(SubmissionRow, submission)
            queue_evaluation(session, row, published, truth, now, line.ANEW)
            anew += 1
    return anew


def evaluate_again(desk: Desk, submission: UUID) -> None:
    """Queue a submission whose evaluation failed once more: what made it fail is mended. Nothing is charged.

    Raises `Missing`, and `Conflict` when its newest evaluation is none that failed, or the split takes none now.
    """
    with desk.database.begin() as session:
        found = submissions.find(session, submission)
        if found is None:
            raise Missing("no-such-submission", f"there is no submission {submission}")
        row = found.submission
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
