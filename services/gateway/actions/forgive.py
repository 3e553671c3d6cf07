"""Give a place back that a scored file has spent: a first one at chance level, which mostly is in the wrong numbering.

Part of the transaction that concludes an evaluation. Only for held-out splits, where a place is dear, and
not where other files share it.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from services.gateway.actions.entries import is_alone
from services.gateway.store import challenges, submissions
from services.gateway.tables import EvaluationRow, SubmissionRow
from shared.report import Report

CHANCE_LEVEL = "chance-level"
"""The scorer's note."""


def forgives(session: Session, submission: SubmissionRow, evaluation: UUID, report: Report, now: datetime) -> bool:
    """Whether the team's place is forgiven for this outcome; marks the submission if so. Once per team in 30 days."""
    if report.outcome != "scored" or all(note.code != CHANCE_LEVEL for note in report.notes):
        return False
    version = session.get_one(EvaluationRow, evaluation).version
    definition = challenges.definition_of(session, submission.challenge, version)
    held_out = definition.tasks[submission.task].splits[submission.split].held_out
    return held_out and is_alone(session, submission) and submissions.forgive(session, submission, now)
