"""What a client sees of a server that is told to stop, or replaced: real processes, bare connections."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from deploy.stack.programs import ROOT, answers_ready
from shared.handover import READY_FD
from shared.parting import QUIET_SECONDS
from tests.services.quota.test_app import free_port
from tests.waiting import eventually

ASK = b"GET /readyz HTTP/1.1\r\nHost: here\r\n\r\n"
SEND = b"POST /count HTTP/1.1\r\nHost: here\r\nContent-Length: 10\r\n\r\n01234"


@pytest.fixture
def listening() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as ours:
        yield ours


@contextlib.contextmanager
def served(listening: socket.socket) -> Iterator[subprocess.Popen[bytes]]:
    """A process that serves on our socket, from its word that it is ready."""
    here, there = os.pipe()
    command = (sys.executable, "-m", "tests.shared.service", "0", "30", str(listening.fileno()))
    process = subprocess.Popen(
        command, cwd=ROOT, env=dict(os.environ) | {READY_FD: str(there)}, pass_fds=(there, listening.fileno())
    )
    os.close(there)
    try:
        with open(here, "rb") as ready:
            assert ready.read() == b"ready\n"
        yield process
    finally:
        process.kill()
        process.wait()


@contextlib.contextmanager
def connected(listening: socket.socket) -> Iterator[socket.socket]:
    with socket.create_connection(listening.getsockname(), timeout=10) as connection:
        yield connection


def answer(connection: socket.socket) -> bytes:
    """One whole answer, its names in lower case."""
    content = b""
    while b"\r\n\r\n" not in content:
        content += received(connection)
    head, _, body = content.lower().partition(b"\r\n\r\n")
    length = int(head.partition(b"content-length: ")[2].split(b"\r\n")[0])
    while len(body) < length:
        body += received(connection)
    return head + b"\r\n\r\n" + body


def received(connection: socket.socket) -> bytes:
    piece = connection.recv(65536)
    assert piece, "the connection has ended"
    return piece


def asked(connection: socket.socket, request: bytes = ASK) -> bytes:
    connection.sendall(request)
    return answer(connection)


def test_a_server_that_is_to_stop_answers_on_every_open_connection_and_says_that_it_ends(
    listening: socket.socket,
) -> None:
    with served(listening) as process, contextlib.ExitStack() as open_connections:
        used, new, sending = (open_connections.enter_context(connected(listening)) for _ in range(3))
        for connection in (used, sending):
            assert asked(connection).startswith(b"http/1.1 200")
        sending.sendall(SEND)
        # Taken from the socket's queue, like the others: nobody else serves here.
        assert asked(new).startswith(b"http/1.1 200")
        process.send_signal(signal.SIGTERM)
        told = time.monotonic()
        sending.sendall(b"56789")
        for connection in (used, new):
            unready = until_draining(connection)
            assert b"retry-after: " in unready
            assert b"connection: close" in unready
            assert connection.recv(1) == b""
        assert answer(sending).endswith(b"10")
        sending.close()
        assert process.wait(10) in (0, -signal.SIGTERM)
        assert time.monotonic() - told < QUIET_SECONDS


def test_a_server_that_is_alone_on_its_port_is_there_for_new_callers_while_the_old_ones_part() -> None:
    port = free_port()
    process = subprocess.Popen((sys.executable, "-m", "tests.shared.service", str(port), "30"), cwd=ROOT)
    try:
        eventually(lambda: answers_ready(port))
        with socket.create_connection(("127.0.0.1", port), timeout=10) as quiet:
            assert asked(quiet).startswith(b"http/1.1 200")
            process.send_signal(signal.SIGTERM)
            until_draining(quiet)
            with socket.create_connection(("127.0.0.1", port), timeout=10) as new:
                assert asked(new).startswith(b"http/1.1 503")
                assert new.recv(1) == b""
    finally:
        process.terminate()
        process.wait(10)


def until_draining(connection: socket.socket) -> bytes:
    """Ask on one connection until the answer is that it is not ready."""
    while True:
        found = asked(connection)
        if found.startswith(b"http/1.1 503"):
            return found
        assert b"connection: close" not in found


def test_a_quiet_connection_is_ended_after_its_time_and_not_reset(listening: socket.socket) -> None:
    with served(listening) as process, connected(listening) as quiet, connected(listening) as silent:
        assert asked(quiet).startswith(b"http/1.1 200")
        since = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert quiet.recv(1) == b""
        assert time.monotonic() - since >= QUIET_SECONDS
        assert silent.recv(1) == b""
        assert process.wait(10) in (0, -signal.SIGTERM)


def test_a_successor_takes_from_the_same_socket_and_who_came_while_nobody_was_there_is_answered(
    listening: socket.socket,
) -> None:
    with served(listening) as first:
        first.send_signal(signal.SIGTERM)
        first.wait(10)
        with connected(listening) as waiting:
            waiting.sendall(ASK)
            with served(listening):
                assert answer(waiting).startswith(b"http/1.1 200")
