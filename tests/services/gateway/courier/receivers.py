"""HTTP receivers that stand in for teams' endpoints: real servers, each told how to answer."""

import contextlib
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Post:
    """What arrived: header names in lower case."""

    path: str
    headers: dict[str, str]
    body: bytes


Answer = Callable[[BaseHTTPRequestHandler], None]


@dataclass
class Receiver:
    """A listening server; `posts` are in order of arrival."""

    port: int
    posts: list[Post] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Where it takes posts."""
        return f"http://127.0.0.1:{self.port}/hook"


def status(code: int, **headers: str) -> Answer:
    """An empty answer; `_` in a header's name stands for `-`."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(code)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    return answer


@contextlib.contextmanager
def receiver(answer: Answer, host: str = "127.0.0.1", port: int = 0) -> Iterator[Receiver]:
    """Listen until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            ours.posts.append(Post(self.path, {name.lower(): value for name, value in self.headers.items()}, body))
            with contextlib.suppress(ConnectionError):
                answer(self)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
            pass

    with ThreadingHTTPServer((host, port), Handler) as server:
        ours = Receiver(server.server_address[1])
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield ours
        finally:
            server.shutdown()
            thread.join()
