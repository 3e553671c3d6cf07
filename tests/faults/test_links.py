"""A line passes bytes both ways, keeps them while it is held, and breaks when it is cut."""

import socket
import threading
from collections.abc import Iterator
from contextlib import closing

import pytest

from tests.faults.links import Line, Links

LINE: Line = ("near", "far")


@pytest.fixture
def far() -> Iterator[socket.socket]:
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        yield server


@pytest.fixture
def links(far: socket.socket) -> Iterator[Links]:
    links = Links({LINE: lambda: int(far.getsockname()[1])})
    yield links
    links.close()


@pytest.fixture
def near(links: Links) -> Iterator[socket.socket]:
    with closing(socket.create_connection(("127.0.0.1", links.port(LINE)), timeout=5)) as connection:
        yield connection


def test_bytes_and_ends_pass_both_ways(near: socket.socket, far: socket.socket) -> None:
    near.sendall(b"question")
    near.shutdown(socket.SHUT_WR)
    with closing(far.accept()[0]) as connection:
        assert connection.makefile("rb").read() == b"question"
        connection.sendall(b"answer")
    assert near.makefile("rb").read() == b"answer"


def test_what_is_held_comes_late_and_whole(near: socket.socket, far: socket.socket, links: Links) -> None:
    near.sendall(b"a")
    with closing(far.accept()[0]) as connection:
        assert connection.recv(1) == b"a"
        with links.turned([LINE], "held"):
            near.sendall(b"b")
            connection.settimeout(0.2)
            with pytest.raises(TimeoutError):
                connection.recv(1)
        connection.settimeout(5)
        assert connection.recv(1) == b"b"


def test_a_new_connection_waits_while_the_line_is_held(far: socket.socket, links: Links) -> None:
    accepted = threading.Event()

    def accept() -> None:
        far.accept()[0].close()
        accepted.set()

    thread = threading.Thread(target=accept)
    thread.start()
    with links.turned([LINE], "held"):
        connection = socket.create_connection(("127.0.0.1", links.port(LINE)), timeout=5)
        assert not accepted.wait(0.2)
    assert accepted.wait(5)
    connection.close()
    thread.join()


def test_a_cut_line_breaks_what_is_and_what_comes(near: socket.socket, far: socket.socket, links: Links) -> None:
    near.sendall(b"a")
    with closing(far.accept()[0]) as connection:
        assert connection.recv(1) == b"a"
        with links.turned([LINE], "cut"):
            assert broken(near)
            assert broken(connection)
            with closing(socket.create_connection(("127.0.0.1", links.port(LINE)), timeout=5)) as another:
                assert broken(another)
    with closing(socket.create_connection(("127.0.0.1", links.port(LINE)), timeout=5)) as healed:
        healed.sendall(b"c")
        with closing(far.accept()[0]) as connection:
            assert connection.recv(1) == b"c"


def broken(connection: socket.socket) -> bool:
    """Whether the connection has ended, either way."""
    connection.settimeout(5)
    try:
        return connection.recv(1) == b""
    except ConnectionError:
        return True
