"""Queries for rehearsals of a restore."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.gateway.tables import RehearsalRow


def add(session: Session, row: RehearsalRow) -> bool:
    """Record one; False when it is there already."""
    if session.get(RehearsalRow, row.id) is not None:
        return False
    session.add(row)
    return True


def last(session: Session) -> RehearsalRow | None:
    """The latest one."""
    return session.scalar(select(RehearsalRow).order_by(RehearsalRow.at.desc()).limit(1))
