"""The gateway's ear for tests: a real HTTP server that checks signatures and can be told what to answer."""

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import Field, TypeAdapter

from shared.clock import utc_now
from shared.messages import CheckNotice, Notice
from shared.signing import new_secret, verify

Heard = Notice | CheckNotice
HEARD: TypeAdapter[Heard] = TypeAdapter(Annotated[Heard, Field(discriminator="kind")])
Answer = Callable[[Heard], tuple[int, Any]]


class Receiver:
    """Hears notices at `url`, signed with `secret`. `answer` gives status and JSON; by default 200 and proceed."""

    def __init__(self, answer: Answer = lambda _: (200, {"proceed": True})) -> None:
        self.secret = new_secret()
        self.answer = answer
        self.notices: list[Notice] = []
        self.checks: list[CheckNotice] = []
        self.ids: list[str] = []
        self._changed = threading.Condition()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                name = verify([receiver.secret], dict(self.headers), body, utc_now())
                status, answer = receiver._hear(name, HEARD.validate_json(body))
                content = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("content-length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_request(self, code: object = "-", size: object = "-") -> None:
                """Silent."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/internal/outcomes"

    def kinds(self) -> list[str]:
        """What was said, in order."""
        return [notice.stage or notice.kind for notice in self.notices]

    def wait_for(self, kind: str, evaluation: UUID) -> Notice:
        """The first notice of this kind about an evaluation, waited for. The queue may hold what other tests left, too."""
        with self._changed:
            assert self._changed.wait_for(lambda: self._of(kind, evaluation), 20)
            return self._of(kind, evaluation)[0]

    def wait_for_check(self) -> CheckNotice:
        """The first dry run that was checked, waited for."""
        with self._changed:
            assert self._changed.wait_for(lambda: self.checks, 20)
            return self.checks[0]

    def _of(self, kind: str, evaluation: UUID) -> list[Notice]:
        return [notice for notice in self.notices if (notice.kind, notice.evaluation) == (kind, evaluation)]

    def _hear(self, name: str, notice: Heard) -> tuple[int, Any]:
        status, answer = self.answer(notice)
        with self._changed:
            self.ids.append(name)
            if status == 200:
                self._keep(notice)
            self._changed.notify_all()
        return status, answer

    def _keep(self, notice: Heard) -> None:
        if isinstance(notice, CheckNotice):
            self.checks.append(notice)
        else:
            self.notices.append(notice)

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
