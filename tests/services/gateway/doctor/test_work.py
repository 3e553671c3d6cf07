"""The checks of work that waits, of names, and of the doctor as a whole: bounded, and silent about secrets."""

import dataclasses
import json
import socket
import threading
from collections.abc import Iterator
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import delete, update

from deploy.stack.addresses import Addresses
from deploy.stack.environment import known
from services.gateway.actions import endpoints
from services.gateway.actions.endpoints import Draft
from services.gateway.actions.teams import found_team
from services.gateway.desk import Desk
from services.gateway.doctor.backlog import check_backlog, check_letters
from services.gateway.doctor.endpoints import check_endpoints
from services.gateway.doctor.examine import CHECKS, examine
from services.gateway.doctor.findings import Finding, ok
from services.gateway.doctor.names import NOBODY, resolved
from services.gateway.doctor.patient import Patient
from services.gateway.lifecycle import OPEN_STATES
from services.gateway.tables import EvaluationRow, OutboxRow
from shared.errors import Unavailable
from tests.services.gateway.conftest import Team
from tests.services.gateway.doctor.conftest import Made, told
from tests.services.gateway.operating.running import command_under

FILE = b"1\n2\n3\n4\n"


@pytest.fixture(autouse=True)
def nothing_waits(desk: Desk, gateway_url: str) -> Iterator[None]:
    """Other tests leave much open and owed on purpose."""

    def clear() -> None:
        with desk.database.begin() as session:
            session.execute(delete(OutboxRow))
            session.execute(update(EvaluationRow).where(EvaluationRow.state.in_(OPEN_STATES)).values(state="failed"))

    clear()
    yield
    clear()


@pytest.mark.parametrize(("minutes", "state"), [(5, "ok"), (20, "warning"), (90, "trouble")])
def test_evaluations_that_nobody_begins_are_seen(
    patient: Made, desk: Desk, team: Team, minutes: int, state: str
) -> None:
    assert team.submit(FILE).is_success
    with desk.database.begin() as session:
        session.execute(delete(OutboxRow))
    late = dataclasses.replace(patient(), clock=lambda: desk.clock() + timedelta(minutes=minutes))
    assert told(check_backlog, late)[0] == state


def test_a_run_that_no_sweep_looks_after_is_seen(patient: Made, desk: Desk, team: Team) -> None:
    assert team.submit(FILE).is_success
    with desk.database.begin() as session:
        session.execute(delete(OutboxRow))
        session.execute(update(EvaluationRow).where(EvaluationRow.state == "queued").values(state="running"))
    assert told(check_backlog, patient())[0] == "ok"
    late = dataclasses.replace(patient(), clock=lambda: desk.clock() + timedelta(minutes=3))
    state, saw = told(check_backlog, late)
    assert (state, "was not heard of for 3 min" in saw) == ("trouble", True), saw


@pytest.mark.parametrize(("minutes", "state"), [(0.5, "ok"), (3, "warning"), (30, "trouble")])
def test_deeds_that_are_late_are_seen(patient: Made, desk: Desk, minutes: float, state: str) -> None:
    now = desk.clock()
    with desk.database.begin() as session:
        session.add(OutboxRow(kind="settle", payload={}, created_at=now, next_attempt_at=now))
    late = dataclasses.replace(patient(), clock=lambda: now + timedelta(minutes=minutes))
    assert told(check_backlog, late)[0] == state


def test_dead_letters_are_counted(patient: Made, desk: Desk) -> None:
    assert told(check_letters, patient())[0] == "ok"
    now = desk.clock()
    with desk.database.begin() as session:
        session.add(OutboxRow(kind="settle", payload={}, created_at=now, next_attempt_at=now, given_up_at=now))
    state, saw = told(check_letters, patient())
    assert (state, "1 deeds were given up" in saw) == ("warning", True)


def test_an_endpoint_that_fails_is_told_by_its_team_and_not_by_its_address(patient: Made, desk: Desk) -> None:
    assert told(check_endpoints, patient())[0] == "ok"
    team = found_team(desk, f"team {uuid4().hex[:12]}")
    endpoint = endpoints.register(desk, team.id, Draft("http://127.0.0.1:9/a-secret-of-theirs"))
    now, payload = desk.clock(), {"event": str(uuid4()), "endpoint": str(endpoint.id)}
    owed = OutboxRow(kind="deliver", payload=payload, created_at=now, next_attempt_at=now, attempts=5)
    owed.last_error = "the endpoint answered 503"
    with desk.database.begin() as session:
        session.add(owed)
    state, saw = told(check_endpoints, patient())
    assert (state, team.name in saw, "503" in saw, "a-secret-of-theirs" in saw) == ("warning", True, True, False)


def no_such_name(host: str) -> None:
    """A resolver that works."""
    if host == NOBODY:
        raise socket.gaierror(socket.EAI_NONAME, "no such name")


def no_server(host: str) -> None:
    raise socket.gaierror(socket.EAI_AGAIN, "temporary failure")


def silent(host: str) -> None:
    raise TimeoutError


def only_nobody(host: str) -> None:
    raise socket.gaierror(socket.EAI_NONAME, "no such name")


def test_a_name_server_that_is_away_silent_or_lying_is_seen() -> None:
    assert [finding.state for finding in resolved("localhost", no_such_name)] == ["ok"]
    for ask, part in (
        (no_server, "no name server"),
        (silent, "within"),
        (lambda _: None, "lies"),
        (only_nobody, "own"),
    ):
        (finding,) = resolved("holdout.example.org", ask)
        assert (finding.state, part in finding.saw + finding.mend) == ("warning", True)


def test_a_check_that_breaks_or_hangs_stops_no_other(patient: Made) -> None:
    forever = threading.Event()

    def breaks(_: Patient) -> list[Finding]:
        raise ZeroDivisionError("by zero")

    def refuses(_: Patient) -> list[Finding]:
        raise Unavailable("database-unavailable", "the database does not answer")

    def hangs(_: Patient) -> list[Finding]:
        forever.wait()
        return []

    checks = {"a": breaks, "b": hangs, "c": refuses, "d": lambda _: [ok("d", "well")]}
    found = examine(patient(), checks, limit_seconds=0.5)
    forever.set()
    assert [(finding.check, finding.state) for finding in found] == [
        ("a", "trouble"), ("b", "trouble"), ("c", "trouble"), ("d", "ok"),
    ]  # fmt: skip
    assert "ZeroDivisionError" in found[0].saw
    assert "no answer within" in found[1].saw


def test_the_command_looks_at_everything_says_no_secret_and_ends_with_1_when_in_trouble(
    servers: Addresses, gateway_url: str
) -> None:
    settings = known("doctor", servers)
    said = command_under(settings, "doctor", "--json")
    content = json.loads(said.stdout)
    assert {finding["check"] for finding in content["findings"]} == set(CHECKS)
    troubles = {finding["check"] for finding in content["findings"] if finding["state"] == "trouble"}
    assert troubles == {"scorers"}, said.stdout
    assert (said.returncode, content["ok"]) == (1, False)
    text = command_under({name: value for name, value in settings.items() if "S3" not in name}, "doctor")
    assert text.returncode == 1
    assert "TROUBLE  settings: HOLDOUT_GATEWAY_S3_ENDPOINT" in text.stdout
    secrets = servers.secrets
    values = [*secrets.database.values(), *secrets.queue.values(), secrets.quota_token, secrets.key_pepper]
    values += [secrets.scorer_secret, *(key.secret_key for key in secrets.storage.values())]
    assert not [value for value in values if value in said.stdout + said.stderr + text.stdout + text.stderr]
