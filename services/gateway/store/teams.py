"""Queries for teams and the persons in them."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from services.gateway.tables import AccountRow, MemberRow, TeamRow


def team_named(session: Session, name: str) -> TeamRow | None:
    """The team with this name."""
    return session.scalar(select(TeamRow).where(TeamRow.name == name))


def account_named(session: Session, name: str) -> AccountRow | None:
    """The person with this name."""
    return session.scalar(select(AccountRow).where(AccountRow.name == name))


def hold_team(session: Session, team: UUID) -> None:
    """Until this transaction ends, no other one holds this team; rows that only name the team come and go."""
    session.execute(select(TeamRow.id).where(TeamRow.id == team).with_for_update(key_share=True))


def is_member(session: Session, team: UUID, account: UUID) -> bool:
    """Whether the person is in the team."""
    return session.get(MemberRow, (team, account)) is not None


def remove_member(session: Session, team: UUID, account: UUID) -> bool:
    """Take the person out of the team; False when they were not in it."""
    gone = delete(MemberRow).where(MemberRow.team_id == team, MemberRow.account_id == account)
    return session.execute(gone.returning(MemberRow.account_id)).first() is not None


def with_address(session: Session, team: UUID) -> Sequence[AccountRow]:
    """The persons of the team who have an address to write to, each held until the transaction ends."""
    members = select(MemberRow.account_id).where(MemberRow.team_id == team)
    persons = select(AccountRow).where(AccountRow.id.in_(members), AccountRow.email.is_not(None))
    return session.scalars(persons.order_by(AccountRow.id).with_for_update(key_share=True)).all()


def accounts_with_teams(session: Session) -> Sequence[tuple[AccountRow, TeamRow | None]]:
    """All persons in order of name, each with each team they are in."""
    rows = session.execute(
        select(AccountRow, TeamRow)
        .outerjoin(MemberRow, MemberRow.account_id == AccountRow.id)
        .outerjoin(TeamRow, TeamRow.id == MemberRow.team_id)
        .order_by(AccountRow.name, TeamRow.name)
    )
    return [(row[0], row[1]) for row in rows]
