"""Who sees which challenge: what API and pages show is asked for here, by team, and not of `challenges` itself.

A private challenge does not exist for anybody but its guests: the same answer as for a name that was never used.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.gateway.store import challenges
from services.gateway.store.challenges import Published, Venue
from services.gateway.tables import GuestRow, PrivateRow, TeamRow


def hidden_from(session: Session, team: UUID | None) -> set[str]:
    """The challenges that `team` does not see: few, and mostly none."""
    hidden = select(PrivateRow.challenge)
    if team is not None:
        invited = select(GuestRow.challenge).where(GuestRow.team_id == team)
        hidden = hidden.where(PrivateRow.challenge.not_in(invited))
    return set(session.scalars(hidden))


def newest(session: Session, name: str, team: UUID | None) -> Published:
    """The version of `name` that takes submissions, as `team` sees it (None: anybody); raises `Missing`."""
    if name in hidden_from(session, team):
        raise challenges.no_such_challenge(name)
    return challenges.newest(session, name)


def all_newest(session: Session, team: UUID | None) -> Sequence[Published]:
    """The newest version of every challenge that `team` sees, by name."""
    hidden = hidden_from(session, team)
    return [published for published in challenges.all_newest(session) if published.challenge.name not in hidden]


def venue(session: Session, challenge: str, task: str, split: str, team: UUID | None, answered: bool = False) -> Venue:
    """The split that an address names, as `team` sees it; raises `Missing` with what there is instead.

    What was `answered` once is answered again, also when the team sees the challenge no more.
    """
    if not answered and challenge in hidden_from(session, team):
        raise challenges.no_such_challenge(challenge)
    return challenges.venue(session, challenge, task, split)


def private_since(session: Session, name: str) -> datetime | None:
    """Since when a challenge is private; None: it is open to all."""
    return session.scalar(select(PrivateRow.since).where(PrivateRow.challenge == name))


def hide(session: Session, name: str, now: datetime) -> None:
    """From now on only guests see it."""
    session.execute(insert(PrivateRow).values(challenge=name, since=now).on_conflict_do_nothing())


def show(session: Session, name: str) -> bool:
    """Open it to all; whether it was private. Its guests are kept, for the case that it is hidden again."""
    opened = delete(PrivateRow).where(PrivateRow.challenge == name).returning(PrivateRow.challenge)
    return session.execute(opened).first() is not None


def invite(session: Session, name: str, team: UUID, now: datetime) -> None:
    """Let a team see it while it is private."""
    session.execute(insert(GuestRow).values(challenge=name, team_id=team, invited_at=now).on_conflict_do_nothing())


def uninvite(session: Session, name: str, team: UUID) -> bool:
    """Take that back; whether the team was invited. What it has sent stays its own."""
    gone = delete(GuestRow).where(GuestRow.challenge == name, GuestRow.team_id == team).returning(GuestRow.team_id)
    return session.execute(gone).first() is not None


def guests_of(session: Session, name: str) -> Sequence[str]:
    """The names of the teams that are invited, in order."""
    invited = select(TeamRow.name).join(GuestRow, GuestRow.team_id == TeamRow.id).where(GuestRow.challenge == name)
    return session.scalars(invited.order_by(TeamRow.name)).all()
