"""Make, rotate and revoke API keys: of a person in a team, or of the team itself (a pipeline's)."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.gateway.actions.teams import named_team
from services.gateway.apikeys import SCOPES, ApiKey, Scope, new_key, secret_digest
from services.gateway.desk import Desk
from services.gateway.store import keys, teams
from services.gateway.store.keys import Held
from services.gateway.tables import KeyRow
from shared.errors import Conflict, Missing

LIVE_KEYS = 2
"""Under one label: the key in use, and the one that it is being changed for."""


@dataclass(frozen=True, slots=True)
class Holder:
    """Whose a key is: the person's, for one team, or the team's own."""

    team: UUID
    person: UUID | None = None


def make_key(
    desk: Desk,
    team: str,
    label: str,
    scopes: tuple[Scope, ...] = SCOPES,
    expires_at: datetime | None = None,
    person: str | None = None,
) -> ApiKey:
    """A new key for the team of this name, or for a person in it. Its secret is in the answer and nowhere else."""
    holder = Holder(named_team(desk, team).id, None if person is None else _member(desk, team, person))
    return add_key(desk, holder, label, scopes, expires_at)


def add_key(desk: Desk, holder: Holder, label: str, scopes: tuple[Scope, ...], expires_at: datetime | None) -> ApiKey:
    """A new key; raises `Conflict` when two of this holder and label are live already."""
    key, now = new_key(), desk.clock()
    with desk.database.begin() as session:
        teams.hold_team(session, holder.team)
        if keys.live(session, holder.team, holder.person, label, now) >= LIVE_KEYS:
            raise Conflict(
                "too-many-keys",
                f"{LIVE_KEYS} keys labelled {label!r} are live: one in use, and one to change over to",
                "revoke the older one, or choose another label",
            )
        session.add(
            KeyRow(
                id=key.id,
                team_id=holder.team,
                account_id=holder.person,
                label=label,
                scopes=list(scopes),
                secret_digest=secret_digest(key, desk.settings.key_pepper.get_secret_value()),
                created_at=now,
                expires_at=expires_at,
            )
        )
    return key


def rotate_key(desk: Desk, held: Held, ends_at: datetime | None = None) -> ApiKey:
    """A successor with the same holder, label, scopes and lifetime, but for `ends_at`: whoever asks for another key than
    their own gives it no longer life than theirs. The old key works until it is revoked.
    """
    row = held.key
    lifetime = None if row.expires_at is None else row.expires_at - row.created_at
    expires_at = None if lifetime is None else desk.clock() + lifetime
    if ends_at is not None:
        expires_at = ends_at if expires_at is None else min(ends_at, expires_at)
    scopes = tuple(scope for scope in SCOPES if scope in row.scopes)
    return add_key(desk, Holder(row.team_id, row.account_id), row.label, scopes, expires_at)


def revoke_key(desk: Desk, key_id: str) -> None:
    """End a key: no request that comes after is served. Raises `Missing` when there is no such live key."""
    with desk.database.begin() as session:
        if not keys.revoke(session, key_id, desk.clock()):
            raise Missing("no-such-key", f"there is no live key with the id {key_id!r}")


def _member(desk: Desk, team: str, person: str) -> UUID:
    with desk.database.begin() as session:
        account, row = teams.account_named(session, person), teams.team_named(session, team)
        if account is None or row is None or not teams.is_member(session, row.id, account.id):
            raise Missing(
                "not-a-member", f"{person!r} is not in the team {team!r}", "`team join` puts a person into it"
            )
        return account.id
