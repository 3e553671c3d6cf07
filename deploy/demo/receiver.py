"""A webhook receiver, as a team would run one: keeps what arrives, with the moment and whether the signature is good."""

import json
import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from shared.clock import utc_now
from shared.errors import Unauthenticated
from shared.signing import verify


@dataclass(frozen=True, slots=True)
class Delivery:
    """One webhook: the event, when it came, and whether its signature is good."""

    event: dict[str, Any]
    at: datetime
    signed: bool


class Receiver:
    """Listens on a free port of this machine. Give it its secret once the endpoint is registered."""

    def __init__(self, server: ThreadingHTTPServer, deliveries: "queue.Queue[Delivery]") -> None:
        self.url = f"http://127.0.0.1:{server.server_port}/hook"
        self.secret = ""
        self._deliveries = deliveries

    def next(self, kind: str, timeout_seconds: float = 30) -> Delivery:
        """The next delivery of this kind; raises `queue.Empty` when none comes."""
        while True:
            delivery = self._deliveries.get(timeout=timeout_seconds)
            if delivery.event["type"] == kind:
                return delivery


@contextmanager
def receiving() -> Iterator[Receiver]:
    """A receiver that runs until the end of the block."""
    deliveries: queue.Queue[Delivery] = queue.Queue()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            at = utc_now()
            body = self.rfile.read(int(self.headers["Content-Length"]))
            try:
                verify([receiver.secret], {name.lower(): value for name, value in self.headers.items()}, body, at)
                signed = True
            except Unauthenticated:
                signed = False
            self.send_response(204)
            self.end_headers()
            deliveries.put(Delivery(json.loads(body), at, signed))

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver = Receiver(server, deliveries)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
