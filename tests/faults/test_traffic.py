"""A sender says how it ended, also when it died."""

import random
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from tests.faults.client import Client
from tests.faults.history import History, read_history
from tests.faults.pace import Pace
from tests.faults.parcel import FORMS, PARTS
from tests.faults.traffic import IN_PARTS_EVERY, Sender, forms_of
from tests.waiting import eventually

PROBLEM = b'{"code": "split-closed"}'


class Refusing(BaseHTTPRequestHandler):
    """Refuses whatever comes, in the words of its server."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """Take the body and refuse it."""
        self.rfile.read(int(self.headers["Content-Length"]))
        words: bytes = self.server.words  # type: ignore[attr-defined]
        self.send_response(409)
        self.send_header("Content-Length", str(len(words)))
        self.end_headers()
        self.wfile.write(words)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def refusing(words: bytes) -> Iterator[str]:
    """A server that does so; its URL."""
    with HTTPServer(("127.0.0.1", 0), Refusing) as server:
        server.words = words  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@contextmanager
def sending(url: str, path: Path) -> Iterator[Sender]:
    """A team that sends fifty files a second to `url`; its history is at `path`."""
    draw = random.Random(1)
    with (
        closing(Client(url, "team-1", "key", draw)) as client,
        closing(History(path)) as history,
        closing(Pace(lambda: 0)) as pace,
    ):
        yield Sender(client, history, draw, pace, 50, ("file",))


def test_a_sender_that_is_stopped_has_written_down_all_that_it_began(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    with refusing(PROBLEM) as url, sending(url, path) as sender:
        eventually(lambda: len(read_history(path)) > 2)
        sender.stop()
        ending = sender.join(10)
    assert ending.ended
    assert not ending.error
    assert ending.begun == len(read_history(path))
    assert {(asked.status, asked.code) for asked in read_history(path)} == {(409, "split-closed")}


def test_a_sender_that_died_says_of_what(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with refusing(b"no JSON") as url, sending(url, tmp_path / "history.jsonl") as sender:
        ending = sender.join(10)
    assert ending.ended
    assert ending.begun == 1
    assert ending.error.startswith("JSONDecodeError")
    assert "the thread of team-1 died" in caplog.text


def test_one_team_in_six_uploads_in_parts() -> None:
    assert [forms_of(number) for number in range(1, IN_PARTS_EVERY + 1)] == [FORMS] * (IN_PARTS_EVERY - 1) + [(PARTS,)]
