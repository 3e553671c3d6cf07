"""A server that imitates the gateway's answers, for tests of the client: what it says, and when it hangs up, is scripted."""

import contextlib
import hashlib
import json
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

SUBMISSION = "7a6f3f0e-6a0e-4a8e-9c0e-0d9d6f1f2b11"
OTHER = "11111111-2222-4333-8444-555555555555"
REQUEST = "b1946ac92492d234"
BLOCK_BYTES = 2**16
SMALL_BYTES = 2**16


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as it came. `sha256` is of the body's bytes; the body itself is kept only where it is small."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body_bytes: int
    sha256: str
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Answer:
    """What to say. `body` is JSON, or bytes as they are."""

    status: int
    body: Any
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Cut:
    """Hang up after reading `read_bytes` of the body (all of it when None), without a word."""

    read_bytes: int | None = None


Reply = Answer | Cut | Callable[[Asked], Answer]


class _Listening(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that has gone is no error."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class Imitation:
    """Replies per route, in order; the last one stays."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self._replies: dict[tuple[str, str], list[Reply]] = {}
        self._lock = threading.Lock()
        self._server = _Listening(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def script(self, method: str, path: str, *replies: Reply) -> None:
        """Reply to `method path` with these, one after the other."""
        self._replies[method, path] = list(replies)

    def count(self, method: str, path: str) -> int:
        """How often that was asked."""
        return sum((asked.method, asked.path) == (method, path) for asked in self.asked)

    @contextlib.contextmanager
    def serving(self) -> Iterator["Imitation"]:
        """Serve on a thread of its own."""
        thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            thread.join()
            self._server.server_close()

    def reply(self, method: str, path: str) -> Reply:
        """The next reply of a route."""
        with self._lock:
            replies = self._replies.get((method, path), [problem(404, "not-found", "there is no such thing")])
            return replies.pop(0) if len(replies) > 1 else replies[0]

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        imitation = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                self._serve()

            def do_POST(self) -> None:
                self._serve()

            do_PUT = do_DELETE = do_POST  # noqa: N815 - the standard library's names

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the standard library's name
                """Keep quiet."""

            def _serve(self) -> None:
                address = urlsplit(self.path)
                reply = imitation.reply(self.command, address.path)
                limit = reply.read_bytes if isinstance(reply, Cut) else None
                read_bytes, digest, body = self._read(limit)
                query = {name: values[0] for name, values in parse_qs(address.query).items()}
                headers = {name.lower(): value for name, value in self.headers.items()}
                asked = Asked(self.command, address.path, query, headers, read_bytes, digest, body)
                imitation.asked.append(asked)
                if isinstance(reply, Cut):
                    self.close_connection = True
                    return
                self._answer(reply if isinstance(reply, Answer) else reply(asked))

            def _read(self, limit_bytes: int | None) -> tuple[int, str, bytes]:
                announced = int(self.headers.get("content-length", 0))
                left = announced if limit_bytes is None else min(limit_bytes, announced)
                digest, total, body = hashlib.sha256(), 0, b""
                while left and (block := self.rfile.read(min(left, BLOCK_BYTES))):
                    digest.update(block)
                    total += len(block)
                    body = body + block if total <= SMALL_BYTES else b""
                    left -= len(block)
                return total, digest.hexdigest(), body

            def _answer(self, answer: Answer) -> None:
                body = answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body).encode()
                self.send_response(answer.status)
                for name, value in ({"Content-Type": "application/json"} | answer.headers).items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                # A client that was stopped does not read its answer.
                with contextlib.suppress(ConnectionError):
                    self.wfile.write(body)

        return Handler


def problem(status: int, code: str, sentence: str, retry_after: str = "", **more: Any) -> Answer:
    """problem+json as the gateway says it."""
    content = {"type": f"urn:holdout:problem:{code}", "title": "-", "status": status, "detail": sentence, "code": code}
    headers = {"Content-Type": "application/problem+json"} | ({"Retry-After": retry_after} if retry_after else {})
    return Answer(status, content | {"instance": "/", "request_id": REQUEST} | more, headers)


def moment(seconds_ago: float = 0) -> str:
    """A time in the past, as the gateway writes it."""
    return (datetime.now(UTC) - timedelta(seconds=seconds_ago)).isoformat().replace("+00:00", "Z")


def evaluation(state: str, **more: Any) -> dict[str, Any]:
    """An evaluation, scored with two metrics or in another state."""
    metrics = {"top_5_error": 0.06178, "top_1_error": 0.22394} if state == "scored" else None
    interval = {"95": {"low": 0.06, "high": 0.064}, "99.9": {"low": 0.05826, "high": 0.06536}}
    return {
        "id": OTHER,
        "state": state,
        "attempt": 1,
        "stage": "scoring" if state == "running" else None,
        "created_at": moment(),
        "started_at": None,
        "finished_at": None,
        "metrics": metrics,
        "intervals": dict.fromkeys(metrics, interval) if metrics else None,
        "failure": None,
        "fault_count": 0,
        "report_digest": None,
        "timings": None,
    } | more


def submission(
    asked: Asked | None = None, state: str = "sealed", judged: str = "queued", **more: Any
) -> dict[str, Any]:
    """A submission, with the digest of what was `asked`, in its first evaluation."""
    digest = asked.sha256 if asked else "0" * 64
    return {
        "id": SUBMISSION,
        "team": "SuperVision",
        "challenge": "ilsvrc2012",
        "task": "classification",
        "split": "test",
        "state": state,
        "method": "",
        "description": "",
        "track": "provided",
        "published": False,
        "digest": digest if state == "sealed" else None,
        "size_bytes": asked.body_bytes if asked else 20,
        "received_digest": digest if state == "sealed" else None,
        "received_bytes": asked.body_bytes if asked else 20,
        "created_at": moment(),
        "sealed_at": moment(),
        "evaluation": evaluation(judged) if state == "sealed" else None,
    } | more


STANDING = {
    "pool": "ilsvrc-2012",
    "places": 2,
    "window_seconds": 604800,
    "remaining": 1,
    "next_free_at": None,
    "taken": [{"submission": SUBMISSION, "state": "spent", "taken_at": moment(), "returns_at": moment(-604800)}],
    "now": moment(),
}


def accepted(asked: Asked) -> Answer:
    """202: sealed, queued, one place left."""
    return Answer(202, {"submission": submission(asked), "allowance": STANDING})


def page(*items: dict[str, Any], following: str | None = None) -> Answer:
    """A page of the list of submissions."""
    return Answer(200, {"items": list(items), "next": following})
