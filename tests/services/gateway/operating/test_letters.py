"""Dead letters are listed, tried anew and dropped by a command; only those that were given up, and those that are meant."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import delete

from deploy.stack.addresses import Addresses
from services.gateway.actions import endpoints, letters
from services.gateway.actions.endpoints import Draft
from services.gateway.actions.teams import found_team
from services.gateway.desk import Desk
from services.gateway.store.letters import Chosen
from services.gateway.tables import EndpointRow, OutboxRow
from shared.errors import Missing
from tests.services.gateway.operating.running import command

SECRET_PATH = "/hooks/only-the-team-knows-this"


@pytest.fixture
def made(desk: Desk) -> Iterator[list[int]]:
    """Rows of ours, removed at the end."""
    ids: list[int] = []
    yield ids
    with desk.database.begin() as session:
        session.execute(delete(OutboxRow).where(OutboxRow.id.in_(ids)))


@pytest.fixture
def endpoint(desk: Desk) -> EndpointRow:
    team = found_team(desk, f"team {uuid4().hex[:12]}")
    return endpoints.register(desk, team.id, Draft(f"http://127.0.0.1:9{SECRET_PATH}"))


def owed(desk: Desk, made: list[int], endpoint: UUID, given_up: bool = True, **more: Any) -> int:
    """A delivery that failed fifteen times two hours ago, or is still to be tried."""
    now = desk.clock() - timedelta(hours=2)
    row = OutboxRow(
        kind="deliver",
        payload={"event": str(uuid4()), "endpoint": str(endpoint)},
        attempts=15,
        created_at=now,
        next_attempt_at=now if given_up else now + timedelta(days=1),
        given_up_at=now if given_up else None,
        last_error="the endpoint answered 503\nand said nothing",
        **more,
    )
    with desk.database.begin() as session:
        session.add(row)
        session.flush()
        made.append(row.id)
        return row.id


def row_of(desk: Desk, row: int) -> OutboxRow | None:
    with desk.database.begin() as session:
        return session.get(OutboxRow, row)


def test_the_list_names_team_and_error_but_not_the_secret_part_of_an_address(
    desk: Desk, servers: Addresses, made: list[int], endpoint: EndpointRow
) -> None:
    letter = owed(desk, made, endpoint.id)
    said = command(servers, "letters")
    assert said.returncode == 0, said.stderr
    line = next(line for line in said.stdout.splitlines() if line.startswith(f"{letter}\t"))
    _, kind, age, attempts, receiver, because = line.split("\t")
    assert (kind, age, attempts, because) == ("deliver", "2 h ago", "15", "the endpoint answered 503 and said nothing")
    assert f"{endpoint.id} (127.0.0.1)" in receiver
    assert SECRET_PATH not in said.stdout


def test_a_redriven_letter_is_due_with_all_its_attempts_and_no_other_is(
    desk: Desk, servers: Addresses, made: list[int], endpoint: EndpointRow
) -> None:
    meant, other, owed_still = (owed(desk, made, endpoint.id, given_up=given_up) for given_up in (True, True, False))
    said = command(servers, "letters", "redrive", str(meant), str(owed_still))
    assert (said.returncode, said.stdout) == (0, "due now: 1\n")
    rows = [row_of(desk, row) for row in (meant, other, owed_still)]
    assert [(row.given_up_at is None, row.attempts) for row in rows if row] == [(True, 0), (False, 15), (True, 15)]
    driven = rows[0]
    assert driven is not None
    assert driven.next_attempt_at <= desk.clock()


def test_letters_of_one_endpoint_are_redriven_together(desk: Desk, made: list[int], endpoint: EndpointRow) -> None:
    another = endpoints.register(desk, endpoint.team_id, Draft("http://127.0.0.1:9/another"))
    ours = [owed(desk, made, endpoint.id) for _ in range(3)]
    theirs = owed(desk, made, another.id)
    assert letters.redrive(desk, Chosen(endpoint=endpoint.id)).due == 3
    assert all((row := row_of(desk, letter)) and row.given_up_at is None for letter in ours)
    left = row_of(desk, theirs)
    assert left is not None
    assert left.given_up_at is not None


def test_letters_to_a_disabled_endpoint_are_left_alone_and_said_so(
    desk: Desk, servers: Addresses, made: list[int], endpoint: EndpointRow
) -> None:
    letter = owed(desk, made, endpoint.id)
    endpoints.disable(desk, endpoint.team_id, endpoint.id)
    said = command(servers, "letters", "redrive", "--endpoint", str(endpoint.id))
    assert "due now: 0\nleft alone: 1" in said.stdout
    row = row_of(desk, letter)
    assert row is not None
    assert row.given_up_at is not None
    assert "disabled)" in command(servers, "letters", "list").stdout


def test_dropped_letters_are_gone_and_what_is_owed_stays(
    desk: Desk, servers: Addresses, made: list[int], endpoint: EndpointRow
) -> None:
    letter, owed_still = owed(desk, made, endpoint.id), owed(desk, made, endpoint.id, given_up=False)
    assert command(servers, "letters", "drop", "--endpoint", str(endpoint.id)).stdout == "dropped: 1\n"
    assert row_of(desk, letter) is None
    assert row_of(desk, owed_still) is not None


def test_naming_no_dead_letter_is_refused_with_what_to_do(
    desk: Desk, servers: Addresses, made: list[int], endpoint: EndpointRow
) -> None:
    owed_still = owed(desk, made, endpoint.id, given_up=False)
    for deed in (letters.redrive, letters.drop):
        with pytest.raises(Missing, match="no-such-letter"):
            deed(desk, Chosen(ids=(owed_still,)))
    said = command(servers, "letters", "drop", "1")
    assert said.returncode == 1
    assert "no-such-letter" in said.stderr
    assert command(servers, "letters", "drop").returncode == 2, "nothing is dropped unless it is said which"


def test_all_may_be_none(desk: Desk, made: list[int]) -> None:
    assert letters.drop(desk, Chosen(every=True)) >= 0
    assert letters.redrive(desk, Chosen(every=True)).due == 0
