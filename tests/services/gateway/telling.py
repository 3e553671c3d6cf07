"""Submissions that are only rows, and events told of them: for tests of what teams hear."""

from uuid import UUID, uuid4

from services.gateway.desk import Desk
from services.gateway.store import events
from services.gateway.tables import SubmissionRow


def submission_of(desk: Desk, team: UUID) -> SubmissionRow:
    """A sealed submission of the team, without a file or an evaluation."""
    now = desk.clock()
    row = SubmissionRow(
        id=uuid4(),
        team_id=team,
        challenge="tiny",
        task="classification",
        split="test",
        state="sealed",
        method="",
        description="",
        track="provided",
        object_key="",
        created_at=now,
        deadline_at=now,
    )
    with desk.database.begin() as session:
        session.add(row)
    return row


def tell(desk: Desk, team: UUID, kind: str = "evaluation.scored") -> None:
    """An event of a fresh submission."""
    submission = submission_of(desk, team)
    with desk.database.begin() as session:
        events.tell(session, submission, kind, {"submission": str(submission.id)}, desk.clock())
