"""From a file to a signed webhook, read by the published Standard Webhooks library; and retried when it is not heard."""

import http.server
import json
import queue
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from standardwebhooks.webhooks import Webhook

from deploy.demo.visitor import Visitor
from tests.system.participants import Organiser

pytestmark = pytest.mark.system


class Receiver(http.server.ThreadingHTTPServer):
    """Keeps each request; answers with the next status in `statuses`, at last with 204."""

    def __init__(self) -> None:
        self.received: queue.Queue[tuple[dict[str, str], bytes]] = queue.Queue()
        self.statuses: list[int] = []
        super().__init__(("127.0.0.1", 0), Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/hook"


class Handler(http.server.BaseHTTPRequestHandler):
    server: Receiver
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(self.server.statuses.pop(0) if self.server.statuses else 204)
        self.send_header("Content-Length", "0")
        self.end_headers()
        self.server.received.put((dict(self.headers), body))

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def team_that_listens(organiser: Organiser, folder: Path, url: str) -> tuple[Visitor, str]:
    """A team at a small challenge, and the secret of its endpoint at `url`."""
    challenge, name = organiser.host(folder, b"1\n2\n"), f"listeners {uuid4().hex[:8]}"
    return organiser.found_named(name, challenge), organiser.listen(name, url)


def test_an_outcome_is_delivered_with_a_signature_that_the_published_library_accepts(
    organiser: Organiser, receiver: Receiver, tmp_path: Path
) -> None:
    visitor, secret = team_that_listens(organiser, tmp_path, receiver.url)
    outcome = visitor.scored(b"1\n1 2\n", "webhook")
    headers, body = receiver.received.get(timeout=20)
    event = Webhook(secret).verify(body, headers)
    assert event["type"] == "evaluation.scored"
    assert event["data"]["submission"] == outcome["id"]
    assert event["data"]["sequence"] == 1
    assert event["data"]["metrics"]["top_1_error"] == 0.5


def test_a_delivery_that_fails_is_tried_again_under_the_same_id(
    organiser: Organiser, receiver: Receiver, tmp_path: Path
) -> None:
    receiver.statuses = [500]
    visitor, secret = team_that_listens(organiser, tmp_path, receiver.url)
    visitor.scored(b"1\n2\n", "retried")
    first, body = receiver.received.get(timeout=20)
    second, again = receiver.received.get(timeout=20)
    assert json.loads(body) == json.loads(again)
    assert first["webhook-id"] == second["webhook-id"]
    Webhook(secret).verify(again, second)


def test_an_endpoint_that_is_gone_is_disabled(organiser: Organiser, receiver: Receiver, tmp_path: Path) -> None:
    receiver.statuses = [410]
    visitor, _ = team_that_listens(organiser, tmp_path, receiver.url)
    visitor.scored(b"1\n2\n", "gone")
    receiver.received.get(timeout=20)
    visitor.scored(b"2\n2\n", "never told")
    with pytest.raises(queue.Empty):
        receiver.received.get(timeout=1)
