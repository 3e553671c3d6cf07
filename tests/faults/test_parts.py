"""A file goes in parts, and is taken up where it broke off."""

import json

import httpx
import pytest

from tests.faults.parcel import PARTS, Parcel, parcel
from tests.faults.parts import PART_BYTES, send_in_parts
from tests.faults.venue import VALIDATION, File

CONTENT = bytes(range(256)) * 9


class Server:
    """One upload, as the gateway keeps it; the next request whose path ends with `breaking` is refused for a moment."""

    def __init__(self) -> None:
        self.announced: dict[str, object] = {}
        self.parts: dict[int, bytes] = {}
        self.received: list[int] = []
        self.breaking: str | None = None

    def __call__(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        if self.breaking is not None and path.endswith(self.breaking):
            self.breaking = None
            return httpx.Response(503, json={"code": "storage-unavailable"})
        if path == "/v1/uploads":
            self.announced = json.loads(request.content)
            return httpx.Response(201, json={"id": "one"})
        if request.method == "PUT":
            number = int(path.rpartition("/")[2])
            self.received.append(number)
            self.parts[number] = request.content
            return httpx.Response(200, json={})
        if path.endswith("/complete"):
            return httpx.Response(202, json={"submission": {"id": "one"}})
        return httpx.Response(200, json={"missing": [number for number in (1, 2, 3) if number not in self.parts]})


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture
def http(server: Server) -> httpx.Client:
    return httpx.Client(base_url="http://gateway", transport=httpx.MockTransport(server))


@pytest.fixture
def one() -> Parcel:
    return parcel(File("classification", CONTENT, None, "scored", 0.0), VALIDATION, PARTS)


def test_all_parts_are_sent_and_then_it_is_complete(server: Server, http: httpx.Client, one: Parcel) -> None:
    assert send_in_parts(http, one).status_code == 202
    assert server.announced["size_bytes"] == len(CONTENT)
    assert b"".join(server.parts[number] for number in (1, 2, 3)) == CONTENT
    assert [len(server.parts[number]) for number in (1, 2)] == [PART_BYTES] * 2


@pytest.mark.parametrize("broken", ["/v1/uploads", "/one", "/parts/2", "/complete"])
def test_after_a_break_only_what_is_missing_is_sent(
    server: Server, http: httpx.Client, one: Parcel, broken: str
) -> None:
    server.breaking = broken
    assert send_in_parts(http, one).status_code == 503
    assert send_in_parts(http, one).status_code == 202
    assert server.received == [1, 2, 3]
