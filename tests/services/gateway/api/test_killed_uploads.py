"""Uploads that end without a word, by a cut line or a killed gateway, leave nothing: no place, no bytes, and a free key."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta

import httpx
import pytest
from sqlalchemy import select

from deploy.stack.addresses import Addresses
from deploy.stack.environment import environment
from deploy.stack.programs import ROOT, answers_ready
from services.gateway.actions.receive import LEASE
from services.gateway.courier.sweeps import Sweeps
from services.gateway.desk import Desk, open_desk
from services.gateway.settings import CourierSettings
from services.gateway.tables import SubmissionRow
from shared import keys
from shared.clock import utc_now
from shared.queue import Queue
from tests.services.gateway.answers import TEST_SPLIT, problem
from tests.services.gateway.conftest import Team
from tests.waiting import eventually

FILE = b"1 2 3 4 5\n2\n3\n4\n"
KEY = "of-an-upload-that-ends"


class Upload:
    """An upload under `KEY` that is never finished: 200 kB of a megabyte."""

    def __init__(self, team: Team, port: int) -> None:
        head = [
            f"POST {TEST_SPLIT} HTTP/1.1",
            "Host: here",
            f"Authorization: Bearer {team.key}",
            f"Idempotency-Key: {KEY}",
            "Content-Type: text/plain",
            "Content-Length: 1000000",
        ]
        self.line = socket.create_connection(("127.0.0.1", port))
        self.line.sendall("\r\n".join([*head, "", ""]).encode() + b"1\n" * 100_000)


@pytest.fixture
def doomed(servers: Addresses, gateway_url: str) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """Another gateway over the same database, and its port."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        port = bound.getsockname()[1]
    told = environment("gateway", servers) | {"HOLDOUT_GATEWAY_PORT": str(port)}
    process = subprocess.Popen(
        (sys.executable, "-m", "services.gateway", "serve"), cwd=ROOT, env=dict(os.environ) | told
    )
    eventually(lambda: answers_ready(port))
    yield process, port
    process.kill()
    process.wait()


def again(team: Team) -> httpx.Response:
    return team.http.post(TEST_SPLIT, content=FILE, headers={"Idempotency-Key": KEY})


def state_of_newest(team: Team, desk: Desk) -> str | None:
    query = select(SubmissionRow.state).where(SubmissionRow.team_id == team.id)
    with desk.database.begin() as session:
        return session.scalar(query.order_by(SubmissionRow.created_at.desc()).limit(1))


def test_a_key_is_in_use_while_its_upload_lasts_and_free_when_the_line_is_cut(
    team: Team, desk: Desk, gateway_url: str
) -> None:
    upload = Upload(team, int(gateway_url.rsplit(":", 1)[1]))
    with upload.line:
        eventually(lambda: state_of_newest(team, desk) == "open")
        problem(again(team), 409, "idempotency-running")
    eventually(lambda: state_of_newest(team, desk) == "abandoned")
    assert again(team).status_code == 202
    assert team.remaining() == 1


def test_a_gateway_killed_in_mid_upload_leaves_the_key_free_once_the_sweep_has_been(
    team: Team, desk: Desk, doomed: tuple[subprocess.Popen[bytes], int], servers: Addresses
) -> None:
    process, port = doomed
    with Upload(team, port).line:
        # Open comes before the place is held: kill it when both are so.
        eventually(lambda: state_of_newest(team, desk) == "open" and team.remaining() == 1)
        process.kill()
        process.wait()
    problem(again(team), 409, "idempotency-running")
    assert team.remaining() == 1
    settings = CourierSettings.from_mapping(environment("courier", servers))
    with closing(open_desk(settings, "late", lambda: utc_now() + LEASE + timedelta(seconds=1))) as late_desk:
        Sweeps(late_desk, Queue(settings.queue_address()), settings).abandon_overdue()
    assert team.remaining() == 2
    answer = again(team)
    assert answer.status_code == 202
    assert team.remaining() == 1
    stored = list(desk.storage.keys(keys.SUBMISSIONS, f"{team.id}/"))
    assert stored == [f"{team.id}/{answer.json()['submission']['id']}"]
