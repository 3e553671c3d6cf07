"""A small service of its own process: `python -m tests.shared.service PORT HEAD_SECONDS [LISTEN_FD]`."""

import sys

from fastapi import FastAPI, Request

from shared.serving import serve
from shared.web import Readiness, equip, read_body


def build() -> FastAPI:
    """Answers with the length of the body."""
    app = FastAPI()
    equip(app, Readiness({}))

    @app.post("/count")
    async def count(request: Request) -> int:
        return len(await read_body(request, 10_000_000))

    return app


if __name__ == "__main__":
    listen_fd = int(sys.argv[3]) if len(sys.argv) > 3 else None
    serve(build(), "127.0.0.1", int(sys.argv[1]), listen_fd, head_seconds=float(sys.argv[2]))
