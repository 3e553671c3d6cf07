"""The receivers of `examples/webhooks` take what our courier delivers, and nothing forged, old or of another secret."""

import contextlib
import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import httpx
import pytest

from services.gateway.actions import endpoints
from services.gateway.actions.endpoints import Draft
from services.gateway.courier.deliver import Deliverer
from services.gateway.courier.dial import guarded_pool
from services.gateway.courier.drain import Drain
from services.gateway.desk import Desk
from shared.signing import new_secret, sign
from tests.examples.programs import EXAMPLES, python_for
from tests.services.gateway.conftest import Team
from tests.services.gateway.courier.draining import work_off
from tests.services.gateway.telling import tell

RECEIVERS = EXAMPLES / "webhooks"
PROGRAMS = {
    "fastapi": "receiver_fastapi.py",
    "flask": "receiver_flask.py",
    "node": "receiver.mjs",
    "python": "receiver.py",
}
KEEPING = ("fastapi", "flask")
"""Those that remember what they took when they are started again."""

LISTENS = re.compile(r"(?:listening on |running on http://127\.0\.0\.1:)(\d+)")
BODY = b'{"type": "endpoint.test", "data": {}}'

Start = Callable[..., contextlib.AbstractContextManager["Receiver"]]


class Receiver:
    """A running example."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        assert process.stderr is not None
        found = next(filter(None, map(LISTENS.search, process.stderr)))
        self.url = f"http://127.0.0.1:{found[1]}/"

    def post(self, headers: dict[str, str], body: bytes = BODY) -> int:
        return httpx.post(self.url, headers=headers, content=body).status_code

    def printed(self) -> list[dict[str, object]]:
        """What it has taken; it is stopped."""
        self._process.terminate()
        return [json.loads(line) for line in self._process.communicate(timeout=10)[0].splitlines()]


@pytest.fixture(params=PROGRAMS)
def start(request: pytest.FixtureRequest, tmp_path: Path) -> Start:
    program = RECEIVERS / PROGRAMS[request.param]
    command = [interpreter(program), str(program), "0"]

    @contextlib.contextmanager
    def run(*secrets: str) -> Iterator[Receiver]:
        told = os.environ | {"HOLDOUT_WEBHOOK_SECRET": " ".join(secrets), "HOLDOUT_EVENTS": str(tmp_path / "events.db")}
        pipe = subprocess.PIPE
        with subprocess.Popen(command, text=True, env=told, stdout=pipe, stderr=pipe) as process:
            try:
                yield Receiver(process)
            finally:
                process.kill()

    return run


def interpreter(program: Path) -> str:
    """What runs a receiver; skips the test where that is not installed."""
    if program.suffix == ".py":
        return python_for(program)
    if shutil.which("node") is None:
        pytest.skip("node is not installed")
    return "node"


def signed(*secrets: str, age_seconds: float = 0, body: bytes = BODY) -> dict[str, str]:
    return sign(secrets, "msg_1", datetime.now(UTC) - timedelta(seconds=age_seconds), body)


def deliver(desk: Desk) -> None:
    """All that is owed, which arrives."""
    pool = guarded_pool(("127.0.0.0/8",))
    assert work_off(desk, Drain(desk, Deliverer(desk, pool), at_once=10), pool) is None


def test_an_example_takes_real_deliveries_each_once_also_while_a_secret_is_changed_over(
    desk: Desk, team: Team, start: Start
) -> None:
    made = endpoints.register(desk, team.id, Draft("http://127.0.0.1:9/"))
    rotated = endpoints.rotate(desk, team.id, made.id)
    for known in (made.secrets[0], rotated.secrets[0]):
        with start(known) as receiver:
            endpoints.change(desk, team.id, made.id, {"url": receiver.url})
            for _ in range(2):
                tell(desk, team.id)
            deliver(desk)
            log = team.http.get(f"/v1/endpoints/{made.id}/deliveries").json()["items"]
            endpoints.redeliver(desk, team.id, made.id, UUID(log[0]["id"]))
            deliver(desk)
            events = receiver.printed()
        assert sorted(str(event["id"]) for event in events) == sorted(item["event"] for item in log[:2])
        assert {event["type"] for event in events} == {"evaluation.scored"}


def test_an_example_refuses_what_we_did_not_sign_just_now(start: Start) -> None:
    secret = new_secret()
    good = signed(secret)
    with start(secret) as receiver:
        assert receiver.post(good) == 204
        assert receiver.post(good, BODY + b" ") == 400, "forged"
        assert receiver.post(signed(secret, age_seconds=600)) == 400, "old"
        assert receiver.post(signed(secret, age_seconds=-600)) == 400, "from the future"
        assert receiver.post(signed(new_secret())) == 400, "of another secret"
        assert receiver.post(signed(new_secret(), secret, new_secret())) == 204, "one of several is ours"
        for name in good:
            assert receiver.post({other: value for other, value in good.items() if other != name}) == 400
            assert receiver.post(good | {name: "v1,?"}) == 400
        assert receiver.post(signed(secret, body=bytes(100_000)), bytes(100_000)) in (400, 413), "too large"
        assert [event["id"] for event in receiver.printed()] == ["msg_1"]


@pytest.mark.parametrize("start", KEEPING, indirect=True)
def test_what_is_sent_again_after_a_restart_is_not_taken_twice(start: Start) -> None:
    secret = new_secret()
    taken: list[dict[str, object]] = []
    for _ in range(2):
        with start(secret) as receiver:
            assert [receiver.post(signed(secret)) for _ in range(2)] == [204, 204], "answered well, so that it ends"
            taken += receiver.printed()
    assert taken == [{"id": "msg_1", **json.loads(BODY)}]
