"""Refusals that come before the body reach their sender: at once, and without a reset."""

import socket
from urllib.parse import urlsplit

import httpx
import pytest

from tests.services.gateway.answers import TEST_SPLIT, problem
from tests.services.gateway.conftest import Team

LARGE_BYTES = 40_000_000


@pytest.fixture
def line(gateway_url: str) -> socket.socket:
    """A bare connection to the gateway."""
    address = urlsplit(gateway_url)
    assert address.hostname
    assert address.port
    return socket.create_connection((address.hostname, address.port), timeout=20)


def head(key: str, length_bytes: int, *more: str) -> bytes:
    lines = [f"POST {TEST_SPLIT} HTTP/1.1", "Host: here", f"Authorization: Bearer {key}"]
    return "\r\n".join([*lines, f"Content-Length: {length_bytes}", *more, "", ""]).encode()


def read_to_end(line: socket.socket) -> bytes:
    said = b""
    while block := line.recv(65536):
        said += block
    return said


def test_a_length_over_the_limit_is_refused_before_any_byte_of_the_body(team: Team, line: socket.socket) -> None:
    with line:
        line.sendall(head(team.key, LARGE_BYTES))
        assert line.recv(65536).startswith(b"HTTP/1.1 413 ")


def test_who_asks_for_leave_to_send_gets_the_refusal_instead(team: Team, line: socket.socket) -> None:
    with line:
        line.sendall(head(team.key, LARGE_BYTES, "Expect: 100-continue"))
        assert line.recv(65536).startswith(b"HTTP/1.1 413 ")


def test_a_sender_that_reads_no_answer_before_it_has_sent_all_finds_it_then(team: Team, line: socket.socket) -> None:
    """40 MB, sent blindly: a connection that was simply closed would be reset in the middle."""
    with line:
        line.sendall(head(team.key, LARGE_BYTES))
        for _ in range(LARGE_BYTES // 100_000):
            line.sendall(b"1" * 100_000)
        said = read_to_end(line)
    assert said.startswith(b"HTTP/1.1 413 ")
    assert b"connection: close" in said.lower()
    assert b"submission-too-large" in said


def test_after_a_small_body_was_refused_the_connection_goes_on(team: Team) -> None:
    answer = team.http.post(TEST_SPLIT, content=b"1", headers={"Content-Type": "video/mp4"})
    problem(answer, 415, "media-type-unknown")
    assert "connection" not in answer.headers


def test_a_refused_key_is_told_to_a_sender_of_much(gateway_url: str) -> None:
    answer = httpx.post(gateway_url + TEST_SPLIT, content=bytes(LARGE_BYTES))
    problem(answer, 401, "key-missing")
