"""`python -m tests.faults.recorder FILE`: receives webhooks of all teams in a process of its own and writes each down.

`POST /hook/TEAM` is an endpoint. Whoever runs it tells it the teams' secrets and how to behave: `PUT /secrets`
and `PUT /mood`. It prints its port.
"""

import contextlib
import json
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import IO, Any, Literal

from shared.clock import utc_now
from shared.digests import digest_of
from shared.errors import Unauthenticated
from shared.signing import verify

Mood = Literal["well", "errors", "drip", "hang"]

HANG_SECONDS, DRIP_SECONDS = 30.0, 0.5
"""Longer than an attempt may last; and the pause between two bytes of an answer that never ends."""


class Recorder(ThreadingHTTPServer):
    """Keeps secrets and mood; one thread a request."""

    daemon_threads = True

    def __init__(self, output: IO[str]) -> None:
        self.secrets: dict[str, str] = {}
        self.mood: Mood = "well"
        self._output = output
        self._lock = threading.Lock()
        super().__init__(("127.0.0.1", 0), Handler)

    def write(self, line: dict[str, Any]) -> None:
        """Write one delivery down, before it is answered: what was answered is known."""
        with self._lock:
            self._output.write(json.dumps(line) + "\n")
            self._output.flush()


class Handler(BaseHTTPRequestHandler):
    """One request."""

    server: Recorder
    protocol_version = "HTTP/1.1"

    def do_PUT(self) -> None:
        """Be told secrets or a mood."""
        told = json.loads(self._body())
        if self.path == "/secrets":
            self.server.secrets |= told
        else:
            self.server.mood = told
        self._answer(204)

    def do_POST(self) -> None:
        """Hear an event, and answer by mood."""
        team, body, mood = self.path.rpartition("/")[2], self._body(), self.server.mood
        if len(body) < self._announced():
            # The courier was killed in the middle of it: this is no delivery.
            self.close_connection = True
        elif mood == "well":
            self.server.write(self._heard(team, body))
            self._answer(204)
        elif mood == "errors":
            self._answer(500)
        elif mood == "hang":
            time.sleep(HANG_SECONDS)
            self.close_connection = True
        else:
            self._drip()

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    def _heard(self, team: str, body: bytes) -> dict[str, Any]:
        headers = {name.lower(): value for name, value in self.headers.items()}
        try:
            verify([self.server.secrets[team]], headers, body, utc_now())
            signed = True
        except (Unauthenticated, KeyError):
            signed = False
        event = json.loads(body)
        return {
            "team": team,
            "id": headers.get("webhook-id", ""),
            "signed": signed,
            "type": event["type"],
            "submission": event["data"].get("submission"),
            "sequence": event["data"].get("sequence"),
            "digest": digest_of(body),
            "at": time.time(),
        }

    def _body(self) -> bytes:
        return self.rfile.read(self._announced())

    def _announced(self) -> int:
        return int(self.headers["Content-Length"])

    def _answer(self, status: int) -> None:
        with contextlib.suppress(OSError):
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

    def _drip(self) -> None:
        """An answer whose head never ends."""
        self.close_connection = True
        with contextlib.suppress(OSError):
            self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Drip: ")
            for _ in range(int(HANG_SECONDS / DRIP_SECONDS)):
                self.wfile.write(b"x")
                time.sleep(DRIP_SECONDS)


def main() -> None:
    """Serve until killed."""
    with Path(sys.argv[1]).open("a", encoding="utf-8") as output, Recorder(output) as recorder:
        print(recorder.server_port, flush=True)
        recorder.serve_forever()


if __name__ == "__main__":
    main()
