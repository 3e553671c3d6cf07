"""The gateway's tables, one concern a file. Importing this package knows them all."""

from services.gateway.tables.audience import GuestRow, PrivateRow
from services.gateway.tables.base import Base
from services.gateway.tables.batches import BatchModelRow, BatchRow
from services.gateway.tables.boards import BoardRow, EntryRow, LeadRow
from services.gateway.tables.challenges import ChallengeRow, TruthRow
from services.gateway.tables.checks import CheckRow
from services.gateway.tables.endpoints import DeliveryRow, EndpointRow
from services.gateway.tables.operations import ChoreRow, FleetRow, LossRow, OrphanRow, RehearsalRow
from services.gateway.tables.outbox import EventRow, OutboxRow
from services.gateway.tables.requests import RequestRow
from services.gateway.tables.submissions import EvaluationRow, SubmissionRow
from services.gateway.tables.teams import AccountRow, KeyRow, MemberRow, TeamRow
from services.gateway.tables.uploads import PartRow, UploadRow

__all__ = [
    "AccountRow",
    "Base",
    "BatchModelRow",
    "BatchRow",
    "BoardRow",
    "ChallengeRow",
    "CheckRow",
    "ChoreRow",
    "DeliveryRow",
    "EndpointRow",
    "EntryRow",
    "EvaluationRow",
    "EventRow",
    "FleetRow",
    "GuestRow",
    "KeyRow",
    "LeadRow",
    "LossRow",
    "MemberRow",
    "OrphanRow",
    "OutboxRow",
    "PartRow",
    "PrivateRow",
    "RehearsalRow",
    "RequestRow",
    "SubmissionRow",
    "TeamRow",
    "TruthRow",
    "UploadRow",
]
