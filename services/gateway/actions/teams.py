"""Found teams, enter persons, say who is in which team."""

from uuid import UUID, uuid4

from services.gateway.desk import Desk
from services.gateway.headers import address_of
from services.gateway.store import keys, teams
from services.gateway.tables import AccountRow, MemberRow, TeamRow
from shared.errors import Conflict, Missing, Refused

LONGEST_NAME = 80


def found_team(desk: Desk, name: str) -> TeamRow:
    """A new team; raises `Conflict` when the name is taken, `Refused` when it is no name."""
    cleaned = _cleaned("team", name)
    with desk.database.begin() as session:
        if teams.team_named(session, cleaned) is not None:
            raise Conflict("team-name-taken", f"there is a team named {cleaned!r} already")
        team = TeamRow(id=uuid4(), name=cleaned, created_at=desk.clock())
        session.add(team)
    return team


def open_account(desk: Desk, name: str, email: str | None = None) -> AccountRow:
    """A new person; raises `Conflict` when the name is taken, `Refused` when it is no name or `email` no address."""
    cleaned = _cleaned("person", name)
    if email is not None and address_of(email) is None:
        raise Refused(
            "email-invalid", f"{email!r} is no address to write to", "give one alone, such as ada@example.org"
        )
    with desk.database.begin() as session:
        if teams.account_named(session, cleaned) is not None:
            raise Conflict("account-name-taken", f"there is a person named {cleaned!r} already")
        account = AccountRow(id=uuid4(), name=cleaned, email=email, created_at=desk.clock())
        session.add(account)
    return account


def join_team(desk: Desk, team: str, person: str) -> None:
    """Put a person into a team; one who is in it already stays in it."""
    team_id, person_id = named_team(desk, team).id, _person(desk, person)
    with desk.database.begin() as session:
        teams.hold_team(session, team_id)
        if not teams.is_member(session, team_id, person_id):
            session.add(MemberRow(team_id=team_id, account_id=person_id, joined_at=desk.clock()))


def leave_team(desk: Desk, team: str, person: str) -> int:
    """Take a person out of a team and end the keys they hold for it; returns how many those were."""
    team_id, person_id = named_team(desk, team).id, _person(desk, person)
    with desk.database.begin() as session:
        teams.hold_team(session, team_id)
        if not teams.remove_member(session, team_id, person_id):
            raise Missing("not-a-member", f"{person!r} is not in the team {team!r}")
        return keys.revoke_all(session, team_id, person_id, desk.clock())


def named_team(desk: Desk, name: str) -> TeamRow:
    """The team of this name; raises `Missing` when there is none."""
    with desk.database.begin() as session:
        team = teams.team_named(session, name)
    if team is None:
        raise Missing("no-such-team", f"there is no team named {name!r}", "`team list` shows them all")
    return team


def _person(desk: Desk, name: str) -> UUID:
    with desk.database.begin() as session:
        account = teams.account_named(session, name)
    if account is None:
        raise Missing("no-such-person", f"there is no person named {name!r}", "`account list` shows them all")
    return account.id


def _cleaned(what: str, name: str) -> str:
    cleaned = " ".join(name.split())
    if not cleaned or len(cleaned) > LONGEST_NAME or not cleaned.isprintable():
        raise Refused(f"{what}-name-invalid", f"a {what}'s name has 1 to {LONGEST_NAME} printable characters")
    return cleaned
