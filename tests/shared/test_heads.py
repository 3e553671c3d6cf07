"""Heads of requests: what a real server takes, what it refuses, and that it never holds more than it may."""

import contextlib
import http.client
import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from deploy.stack.programs import ROOT
from shared.heads import HEAD_BYTES, HEAD_LINES
from tests.services.quota.test_app import free_port
from tests.waiting import eventually

HEAD_SECONDS = 1.0
FLOOD_BYTES = 50_000_000
START = b"GET /healthz HTTP/1.1\r\nHost: here\r\n"
CHUNKED = b"POST /count HTTP/1.1\r\nHost: here\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n"


@dataclass(frozen=True, slots=True)
class Service:
    """A served process."""

    port: int
    pid: int

    def memory_bytes(self) -> int:
        """What it has ever held at once."""
        lines = Path(f"/proc/{self.pid}/status").read_text().splitlines()
        return 1024 * int(next(line for line in lines if line.startswith("VmHWM")).split()[1])

    def connect(self) -> socket.socket:
        """A bare connection."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=10)


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    port = free_port()
    command = (sys.executable, "-m", "tests.shared.service", str(port), str(HEAD_SECONDS))
    process = subprocess.Popen(command, cwd=ROOT)
    eventually(lambda: answers(port))
    yield Service(port, process.pid)
    process.terminate()
    process.wait(10)


def answers(port: int) -> bool:
    with contextlib.suppress(httpx.TransportError):
        return httpx.get(f"http://127.0.0.1:{port}/healthz").is_success
    return False


def told(connection: socket.socket) -> tuple[int, str]:
    """Status and code of the problem that ends the connection."""
    content = b""
    with contextlib.suppress(ConnectionResetError):
        while piece := connection.recv(65536):
            content += piece
    head, _, body = content.partition(b"\r\n\r\n")
    problem = json.loads(body)
    assert b"content-type: application/problem+json" in head
    assert f"x-request-id: {problem['request_id']}".encode() in head
    return int(head.split()[1]), problem["code"]


def flood(connection: socket.socket, piece: bytes) -> None:
    """Send `piece` again and again, until nobody takes more of it."""
    with contextlib.suppress(ConnectionError):
        for _ in range(FLOOD_BYTES // len(piece)):
            connection.sendall(piece)


@pytest.mark.parametrize(
    ("start", "piece"),
    [
        (START, b"X-Mine: " + b"a" * 992 + b"\r\n"),
        (START, b"a: b\r\n" * 1000),
        (START + b"X-Mine: ", b"a" * 65536),
        (b"GET /", b"a" * 65536),
        (CHUNKED, b"X-Mine: " + b"a" * 992 + b"\r\n"),
        (CHUNKED + b"X-Mine: ", b"a" * 65536),
    ],
    ids=["many lines", "tiny lines", "one line", "an address", "many lines after a body", "one line after a body"],
)
def test_a_flood_of_head_is_cut_off_and_not_kept(service: Service, start: bytes, piece: bytes) -> None:
    before = service.memory_bytes()
    with service.connect() as connection:
        connection.sendall(start)
        flood(connection, piece)
    assert service.memory_bytes() - before < 8_000_000
    assert answers(service.port)


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (START + b"a: b\r\n" * HEAD_LINES + b"\r\n", (431, "head-too-large")),
        (START + b"X-Mine: " + b"a" * HEAD_BYTES + b"\r\n\r\n", (431, "head-too-large")),
        (START + b"X-Mine: " + b"a" * HEAD_BYTES, (431, "head-too-large")),
        (b"hello\r\n\r\n", (400, "http-malformed")),
        (b"GET / HTTP/1.1\r\nbad header\r\n\r\n", (400, "http-malformed")),
    ],
)
def test_what_is_no_head_that_we_read_is_answered_with_a_problem(
    service: Service, head: bytes, expected: tuple[int, str]
) -> None:
    with service.connect() as connection:
        connection.sendall(head)
        assert told(connection) == expected


@pytest.mark.parametrize("before", [b"", START + b"\r\n"], ids=["first request", "second request"])
def test_a_head_that_drips_is_cut_off_in_time(service: Service, before: bytes) -> None:
    with service.connect() as connection:
        if before:
            connection.sendall(before)
            assert status(connection) == 200
        began = time.monotonic()
        connection.sendall(b"GET /healthz HTTP/1.1\r\nX-Mine: ")
        connection.settimeout(0.1)
        while not (answer := received(connection)):
            connection.sendall(b"a")
            assert time.monotonic() - began < 5 * HEAD_SECONDS
    assert time.monotonic() - began >= HEAD_SECONDS * 0.9
    assert b" 408 " in answer
    assert b"head-too-slow" in answer


def received(connection: socket.socket) -> bytes:
    with contextlib.suppress(TimeoutError):
        return connection.recv(65536)
    return b""


def status(connection: socket.socket) -> int:
    """Of one answer, read to its end, which may come in pieces."""
    with http.client.HTTPResponse(connection) as answer:
        answer.begin()
        answer.read()
        return answer.status


def test_who_says_nothing_is_not_waited_for(service: Service) -> None:
    with service.connect() as connection:
        assert connection.recv(1) == b""


def test_ordinary_requests_are_served_with_long_heads_large_bodies_and_pauses(service: Service) -> None:
    with httpx.Client(base_url=f"http://127.0.0.1:{service.port}", headers={"X-Mine": "a" * 16_384}) as client:
        for body in (b"", b"a", b"a" * 5_000_000):
            assert client.post("/count", content=body).json() == len(body)
            assert client.post("/count", content=iter([body[:1000], body[1000:]])).json() == len(body)


def test_a_body_may_take_longer_than_a_head(service: Service) -> None:
    with service.connect() as connection:
        connection.sendall(b"POST /count HTTP/1.1\r\nHost: here\r\nContent-Length: 15\r\n\r\n")
        for _ in range(15):
            connection.settimeout(0.1)
            assert received(connection) == b""
            connection.sendall(b"a")
        connection.settimeout(5)
        assert b"200 OK" in connection.recv(65536)
