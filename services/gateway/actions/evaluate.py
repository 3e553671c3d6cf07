"""Have a sealed submission evaluated: once when it is sealed, and anew when a new version is published."""

from datetime import datetime
from uuid import uuid4

from sqlalchemy.orm import Session

from services.gateway.store import line, outbox, submissions
from services.gateway.store.challenges import Published
from services.gateway.tables import EvaluationRow, SubmissionRow


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
        split = published.challenge.tasks[submission.task].splits[submission.split]
        lane = line.LIMITED if split.held_out else line.UNLIMITED
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
