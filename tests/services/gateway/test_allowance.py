"""The gateway's line to the ledger, when a ledger goes in the middle of a question and another takes its place."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from uuid import UUID, uuid4

import pytest

from services.gateway.allowance import Allowance
from shared.challenge import Limits
from shared.errors import Unavailable

LIMITS = Limits(pool="test", places=2, window_seconds=604_800)


@contextmanager
def hanging_up(times: int, asked: list[bytes]) -> Iterator[str]:
    """A server that ends the connection under the first `times` questions, and answers 503 then."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            asked.append(self.rfile.read(int(self.headers["content-length"])))
            if len(asked) <= times:
                self.close_connection = True
                return
            self.send_response(503)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("times", [1, 2])
def test_a_question_whose_connection_ends_is_asked_once_more_and_no_more(times: int) -> None:
    asked: list[bytes] = []
    submission = uuid4()
    with hanging_up(times, asked) as url:
        allowance = Allowance(url, "a token of the tests")
        with pytest.raises(Unavailable, match="answered 503" if times == 1 else "does not answer"):
            allowance.reserve(submission, UUID(int=1), LIMITS, 60)
        allowance.close()
    # The very same question, which a ledger takes twice for once.
    assert len(asked) == 2
    assert asked[0] == asked[1]
    assert str(submission).encode() in asked[0]
