"""Queries for entries of several files: the first file holds the place, the others name it."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from services.gateway.store.submissions import CHARGED_STATE
from services.gateway.tables import SubmissionRow


@dataclass(frozen=True, slots=True)
class File:
    """One file of an entry, and the state of the evaluation that its place was charged for; None while it is uploaded."""

    id: UUID
    task: str
    outcome: str | None


def hold(session: Session, first: UUID) -> SubmissionRow | None:
    """The entry's first file; until the transaction ends, nobody else changes what becomes of its place."""
    query = select(SubmissionRow).where(SubmissionRow.id == first).with_for_update(key_share=True)
    return session.scalar(query.execution_options(populate_existing=True))


def files(session: Session, first: UUID) -> Sequence[File]:
    """The entry's files that were not given up."""
    rows = session.execute(
        select(SubmissionRow.id, SubmissionRow.task, CHARGED_STATE).where(
            or_(SubmissionRow.id == first, SubmissionRow.entry_id == first), SubmissionRow.state != "abandoned"
        )
    )
    return [File(*row) for row in rows]
