"""A file goes as the model of a batch, and is answered as a single one is."""

import hashlib
import json
from typing import Any

import httpx
import pytest

from tests.faults.batch import MODEL_UNDER_WAY, send_as_batch
from tests.faults.parcel import BATCH, Parcel, parcel
from tests.faults.venue import REVISED, TEST, File

CONTENT = b"1\n2\n"
PROBLEM = {"status": 429, "code": "no-places-left"}


class Server:
    """A batch of one model: as it is at first, and as it is when its file has come."""

    def __init__(self, first: dict[str, Any], then: dict[str, Any] | None = None) -> None:
        self.manifest: dict[str, Any] = {}
        self.received: list[bytes] = []
        self._first = first
        self._then = then

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            self.manifest = json.loads(request.content)
            return httpx.Response(201, json={"models": [self._first]})
        self.received.append(request.content)
        return httpx.Response(200, json=self._then) if self._then else httpx.Response(429, json=PROBLEM)


def model(state: str, known: bool = False) -> dict[str, Any]:
    submission = None if state in ("wanted", "refused") else {"id": "one"}
    return {"state": state, "known": known, "submission": submission, "upload": {"url": "/file"}, "problem": PROBLEM}


@pytest.fixture
def one() -> Parcel:
    return parcel(File("classification", CONTENT, None, "scored", 0.0), TEST, BATCH, REVISED)


def sent_to(server: Server, one: Parcel) -> httpx.Response:
    return send_as_batch(httpx.Client(base_url="http://gateway", transport=httpx.MockTransport(server)), one)


def test_known_bytes_are_not_sent(one: Parcel) -> None:
    server = Server(model("failed", known=True))
    assert sent_to(server, one).json() == {"submission": {"id": "one"}, "reused": True}
    assert not server.received
    (announced,) = server.manifest["models"]
    assert (announced["name"], announced["sha256"]) == (one.key, hashlib.sha256(CONTENT).hexdigest())
    assert (server.manifest["challenge"], server.manifest["split"]) == (REVISED, TEST)


def test_wanted_bytes_are_sent(one: Parcel) -> None:
    server = Server(model("wanted"), model("queued"))
    assert sent_to(server, one).json() == {"submission": {"id": "one"}, "reused": False}
    assert server.received == [CONTENT]


@pytest.mark.parametrize("server", [Server(model("wanted")), Server(model("refused"))], ids=["file", "manifest"])
def test_a_refusal_is_that_of_the_model(server: Server, one: Parcel) -> None:
    answer = sent_to(server, one)
    assert (answer.status_code, answer.json()["code"]) == (429, "no-places-left")


def test_what_an_earlier_try_still_sends_is_under_way(one: Parcel) -> None:
    answer = sent_to(Server(model("uploading")), one)
    assert (answer.status_code, answer.json()["code"]) == (409, MODEL_UNDER_WAY)
