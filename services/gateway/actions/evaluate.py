"""Have a sealed submission evaluated: once when it is sealed, and anew when a new version is published."""

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy.orm import Session

from services.gateway.store import outbox, submissions
from services.gateway.store.challenges import Published
from services.gateway.tables import EvaluationRow


def queue_evaluation(session: Session, submission: UUID, published: Published, truth: str, now: datetime) -> None:
    """Add an evaluation under this definition and truth to the caller's transaction, and owe it to the queue."""
    evaluation = EvaluationRow(
        id=uuid4(),
        submission_id=submission,
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
    outbox.owe(session, "evaluate", {"evaluation": str(evaluation.id), "attempt": 1}, now)


def evaluate_anew(session: Session, published: Published, now: datetime) -> int:
    """Queue every sealed submission whose newest evaluation is of an older version; returns how many.

    The outcomes before stay, and stand on the board until the new ones are there. No place is charged or returned.
    """
    anew = 0
    for (task, split), truth in published.truths.items():
        for submission in submissions.behind(
            session, published.challenge.name, task, split, published.challenge.version
        ):
            queue_evaluation(session, submission, published, truth, now)
            anew += 1
    return anew
