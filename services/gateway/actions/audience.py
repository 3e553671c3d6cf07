"""Deeds about who sees a challenge: open it to all, hide it, invite a team, take that back."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from services.gateway.actions.teams import named_team
from services.gateway.desk import Desk
from services.gateway.store import audience, challenges
from shared.errors import Conflict


@dataclass(frozen=True, slots=True)
class Standing:
    """A challenge, its newest version, whether it is private, which teams are invited, and which splits are open."""

    name: str
    version: int
    private: bool
    guests: tuple[str, ...]
    splits: tuple[str, ...]


def open_challenge(desk: Desk, name: str) -> bool:
    """Show a challenge to all; whether it was private. Raises `Missing`."""
    with desk.database.begin() as session:
        challenges.newest(session, name)
        return audience.show(session, name)


def hide_challenge(desk: Desk, name: str) -> None:
    """From now on only its guests see it. Raises `Missing`."""
    with desk.database.begin() as session:
        challenges.newest(session, name)
        audience.hide(session, name, desk.clock())


def invite(desk: Desk, name: str, team_name: str) -> None:
    """Let a team see a challenge while it is private. Raises `Missing`."""
    team = named_team(desk, team_name)
    with desk.database.begin() as session:
        challenges.newest(session, name)
        audience.invite(session, name, team.id, desk.clock())


def uninvite(desk: Desk, name: str, team_name: str) -> None:
    """Take an invitation back. Raises `Missing`, and `Conflict` for a team that was not invited."""
    team = named_team(desk, team_name)
    with desk.database.begin() as session:
        challenges.newest(session, name)
        if not audience.uninvite(session, name, team.id):
            invited = ", ".join(audience.guests_of(session, name)) or "nobody"
            raise Conflict("not-invited", f"{team_name} is not invited to {name}", f"invited is: {invited}")


def standings(desk: Desk) -> list[Standing]:
    """Every challenge, by name."""
    with desk.database.begin() as session:
        return [_standing(session, published) for published in challenges.all_newest(session)]


def _standing(session: Session, published: challenges.Published) -> Standing:
    name = published.challenge.name
    return Standing(
        name,
        published.challenge.version,
        audience.private_since(session, name) is not None,
        tuple(audience.guests_of(session, name)),
        tuple("/".join(place) for place in sorted(published.truths)),
    )
