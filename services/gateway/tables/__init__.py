"""The gateway's tables, one concern a file. Importing this package knows them all."""

from services.gateway.tables.base import Base
from services.gateway.tables.challenges import ChallengeRow, TruthRow
from services.gateway.tables.outbox import EndpointRow, EventRow, OutboxRow
from services.gateway.tables.requests import RequestRow
from services.gateway.tables.submissions import EvaluationRow, SubmissionRow
from services.gateway.tables.teams import KeyRow, TeamRow

__all__ = [
    "Base",
    "ChallengeRow",
    "EndpointRow",
    "EvaluationRow",
    "EventRow",
    "KeyRow",
    "OutboxRow",
    "RequestRow",
    "SubmissionRow",
    "TeamRow",
    "TruthRow",
]
