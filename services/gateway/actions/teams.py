"""Found teams, make and revoke their keys."""

from datetime import datetime
from uuid import uuid4

from services.gateway.apikeys import SCOPES, ApiKey, Scope, new_key, secret_digest
from services.gateway.desk import Desk
from services.gateway.store import teams
from services.gateway.tables import KeyRow, TeamRow
from shared.errors import Conflict, Missing, Refused

LONGEST_NAME = 80


def found_team(desk: Desk, name: str) -> TeamRow:
    """A new team; raises `Conflict` when the name is taken, `Refused` when it is no name."""
    cleaned = " ".join(name.split())
    if not cleaned or len(cleaned) > LONGEST_NAME or not cleaned.isprintable():
        raise Refused("team-name-invalid", f"a team's name has 1 to {LONGEST_NAME} printable characters")
    with desk.database.begin() as session:
        if teams.team_named(session, cleaned) is not None:
            raise Conflict("team-name-taken", f"there is a team named {cleaned!r} already")
        team = TeamRow(id=uuid4(), name=cleaned, created_at=desk.clock())
        session.add(team)
    return team


def make_key(
    desk: Desk, team: str, label: str, scopes: tuple[Scope, ...] = SCOPES, expires_at: datetime | None = None
) -> ApiKey:
    """A new key for the team of this name. Its secret is in the answer and nowhere else."""
    key = new_key()
    with desk.database.begin() as session:
        session.add(
            KeyRow(
                id=key.id,
                team_id=named_team(desk, team).id,
                label=label,
                scopes=list(scopes),
                secret_digest=secret_digest(key, desk.settings.key_pepper.get_secret_value()),
                created_at=desk.clock(),
                expires_at=expires_at,
            )
        )
    return key


def revoke_key(desk: Desk, key_id: str) -> None:
    """End a key at once; raises `Missing` when there is no such live key."""
    with desk.database.begin() as session:
        if not teams.revoke_key(session, key_id, desk.clock()):
            raise Missing("no-such-key", f"there is no live key with the id {key_id!r}")


def named_team(desk: Desk, name: str) -> TeamRow:
    """The team of this name; raises `Missing` when there is none."""
    with desk.database.begin() as session:
        team = teams.team_named(session, name)
    if team is None:
        raise Missing("no-such-team", f"there is no team named {name!r}", "`team list` shows them all")
    return team
