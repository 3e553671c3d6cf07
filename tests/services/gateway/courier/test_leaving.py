"""A real courier that is told to go, or killed, in the middle of a delivery: what becomes of it, and what the log says."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from uuid import UUID

import pytest

from deploy.stack.addresses import Addresses
from deploy.stack.environment import environment
from deploy.stack.programs import ROOT
from services.gateway.courier.deliver import NOT_KNOWN
from services.gateway.desk import Desk
from services.gateway.tables import OutboxRow
from tests.services.gateway.conftest import LISTEN_HERE
from tests.services.gateway.courier.draining import rows
from tests.services.gateway.courier.receivers import Answer, Receiver, receiver, status
from tests.services.gateway.courier.test_deliver import attempts, owe_event
from tests.waiting import eventually


@pytest.fixture
def courier(servers: Addresses, desk: Desk) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        (sys.executable, "-m", "services.gateway", "courier"),
        cwd=ROOT,
        env=dict(os.environ) | environment("courier", servers) | LISTEN_HERE,
    )
    yield process
    process.kill()
    process.wait()


def held(until: threading.Event) -> Answer:
    """Takes the event, and says so only later."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        until.wait(60)
        status(204)(handler)

    return answer


def owed_to(desk: Desk, endpoint: UUID) -> list[OutboxRow]:
    """The deliveries it is owed. A whole courier also sweeps, and owes the queue what other tests never had scored."""
    return [row for row in rows(desk) if row.payload.get("endpoint") == str(endpoint)]


def under_way(desk: Desk, endpoint: Receiver) -> UUID:
    """Owe an event and wait until it is being delivered; the id of the team's endpoint."""
    owed = owe_event(desk, endpoint.url)
    eventually(lambda: endpoint.posts, timeout_seconds=60)
    return owed


def test_a_courier_that_is_told_to_go_brings_its_delivery_to_an_end_and_into_the_log(
    desk: Desk, courier: subprocess.Popen[bytes]
) -> None:
    answers = threading.Event()
    with receiver(held(answers)) as ours:
        endpoint = under_way(desk, ours)
        courier.send_signal(signal.SIGTERM)
        with pytest.raises(subprocess.TimeoutExpired):
            courier.wait(0.5)
        answers.set()
        assert courier.wait(30) == 0
    assert not owed_to(desk, endpoint)
    (attempt,) = attempts(desk, endpoint)
    assert (attempt.status, attempt.error) == (204, None)


def test_a_courier_that_is_killed_leaves_its_attempt_in_the_log_and_the_event_owed(
    desk: Desk, courier: subprocess.Popen[bytes]
) -> None:
    answers = threading.Event()
    with receiver(held(answers)) as ours:
        endpoint = under_way(desk, ours)
        courier.kill()
        courier.wait()
        answers.set()
    (owed,) = owed_to(desk, endpoint)
    assert (owed.attempts, owed.given_up_at) == (1, None)
    (attempt,) = attempts(desk, endpoint)
    assert (attempt.status, attempt.error) == (None, NOT_KNOWN)
