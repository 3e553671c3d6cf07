"""Large files in parts on the running stack: resumed after kills of either side, and without growing the gateway."""

import contextlib
import hashlib
import secrets
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import httpx
import pytest

from benchmarks.memory import peak_of, send_in_one_body, send_in_parts
from services.gateway.actions.keys import make_key
from services.gateway.actions.teams import found_team
from services.gateway.tables import UploadRow
from tests.handout import client_file
from tests.stacks import Stack
from tests.system.participants import Organiser, definition
from tests.waiting import eventually

pytestmark = pytest.mark.system

PLACE = {"challenge": "large-files", "task": "classification", "split": "test"}
TO_TEST = ("--challenge", PLACE["challenge"], "--task", PLACE["task"], "--split", PLACE["split"])
PART_BYTES = 8 * 2**20
LARGE_BYTES = 36_000_000
GROWTH_BYTES = 64 * 2**20
MORE_THAN_THAT_BYTES = 72_000_000


@pytest.fixture(scope="module")
def key(stack: Stack, organiser: Organiser, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A team's key, with a challenge that takes large files."""
    folder = tmp_path_factory.mktemp("large-files")
    text = definition(PLACE["challenge"], images=2, places=1000)
    (folder / "challenge.toml").write_text(text.replace("22_000_000", "600_000_000"))
    (folder / "truth.txt").write_bytes(b"1\n2\n")
    organiser.publish(folder, f"test={folder / 'truth.txt'}")
    found_team(organiser.desk, "large files")
    key: str = make_key(organiser.desk, "large files", "tests").text()
    return key


@pytest.fixture
def team(stack: Stack, key: str) -> Iterator[httpx.Client]:
    """That team's HTTP client."""
    headers = {"Authorization": f"Bearer {key}"}
    with httpx.Client(base_url=stack.gateway_url, headers=headers, timeout=60, trust_env=False) as http:
        yield http


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """A file above the client's threshold, another for each test; it is no good as predictions, and needs not be."""
    path, line = tmp_path / "predictions.txt", secrets.token_hex(5)[:9].encode() + b"\n"
    path.write_bytes(line * (LARGE_BYTES // 10))
    return path


def submit(large: Path, url: str, key: str, method: str, *options: str) -> "subprocess.Popen[str]":
    """The client as a participant runs it."""
    command = (sys.executable, "-I", client_file(), "submit", large, *TO_TEST, "--no-wait", "--method", method)
    told: tuple[str | Path, ...] = (*command, "--server", url, "--key", key, *options)
    return subprocess.Popen(told, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def test_a_killed_client_goes_on_with_what_is_missing_and_nothing_else(
    stack: Stack, team: httpx.Client, key: str, large: Path
) -> None:
    with passing(stack.gateway_url, at_most_bytes=5 * PART_BYTES // 2) as way:
        # One after another, so that two are there and the third is cut off.
        client = submit(large, way.url, key, "killed", "--parallel", "1")
        eventually(lambda: way.is_full and upload_under(team, "killed")["received_parts"] == 2)
        client.kill()
        client.communicate()
    upload, missing_bytes = upload_under(team, "killed")["id"], LARGE_BYTES - 2 * PART_BYTES
    with passing(stack.gateway_url) as way:
        client = submit(large, way.url, key, "killed")
        said, noted = client.communicate(timeout=60)
        sent_bytes = way.passed_bytes
    assert client.returncode == 0, noted
    assert f"sha-256 {sha256(large)}" in said
    assert f"going on with upload {upload}: 2 of 5 parts are there" in noted
    assert missing_bytes <= sent_bytes < missing_bytes + 50_000
    submission = team.get(f"/v1/submissions/{upload}").raise_for_status().json()
    assert (submission["state"], submission["method"]) == ("sealed", "killed")
    again, noted = submit(large, stack.gateway_url, key, "killed").communicate(timeout=60)
    assert f"accepted {upload}:" in again, "the upload is complete: nothing is sent or spent again"


def test_a_gateway_killed_in_mid_part_and_in_mid_completion_loses_nothing(
    stack: Stack, organiser: Organiser, team: httpx.Client, key: str, large: Path
) -> None:
    said = {"size_bytes": LARGE_BYTES, "received_digest": sha256(large), "method": "gateway killed"}
    upload = team.post("/v1/uploads", json=PLACE | said).raise_for_status().json()["id"]
    path = f"/v1/uploads/{upload}"
    parts = {number: part_of(large, number) for number in range(1, 6)}
    team.put(f"{path}/parts/1", content=parts[1]).raise_for_status()
    with half_sent(stack.gateway_url, f"{path}/parts/2", key, parts[2]):
        kill_gateway(stack)
    assert team.get(path).json()["missing"] == [2, 3, 4, 5]
    for number in range(2, 6):
        team.put(f"{path}/parts/{number}", content=parts[number]).raise_for_status()

    asking = threading.Thread(target=ask_to_complete, args=(f"{stack.gateway_url}{path}/complete", key))
    asking.start()
    eventually(lambda: is_completing(organiser, upload))
    kill_gateway(stack)
    asking.join()
    assert team.get(f"/v1/submissions/{upload}").json()["state"] == "open"
    client = submit(large, stack.gateway_url, key, "gateway killed")
    told, noted = client.communicate(timeout=60)
    assert client.returncode == 0, noted
    assert f"accepted {upload}: {LARGE_BYTES:,} bytes, sha-256 {sha256(large)}" in told
    submission = team.get(f"/v1/submissions/{upload}", params={"wait": 30}).raise_for_status().json()
    assert (submission["state"], submission["evaluation"]["state"]) == ("sealed", "rejected"), "it is scored as usual"
    pool = next(p for p in team.get("/v1/allowance").json()["pools"] if p["pool"] == PLACE["challenge"])
    assert [place["submission"] for place in pool["taken"]] == [], "and its one place is back"
    assert [place["submission"] for place in pool["given_back"]].count(upload) == 1


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="only Linux tells a process's peak")
def test_a_large_file_does_not_grow_the_gateway(stack: Stack, team: httpx.Client) -> None:
    for send in (send_in_one_body, send_in_parts):
        send(team, PLACE, 1_000_000)
        peak = peak_of(stack.pid("gateway"), partial(send, team, PLACE, MORE_THAN_THAT_BYTES))
        assert peak.grown_bytes <= GROWTH_BYTES, send


def upload_under(team: httpx.Client, method: str) -> dict[str, Any]:
    """The team's upload under this method."""
    uploads = team.get("/v1/uploads").raise_for_status().json()["items"]
    return next(upload for upload in uploads if upload["method"] == method)


def part_of(path: Path, number: int) -> bytes:
    """The bytes of one part."""
    with path.open("rb") as file:
        file.seek((number - 1) * PART_BYTES)
        return file.read(PART_BYTES)


def kill_gateway(stack: Stack) -> None:
    """Kill the gateway, and wait for the next one."""
    restarts = stack.program("gateway")["restarts"]
    stack.kill("gateway")
    stack.until(
        lambda: stack.program("gateway")["restarts"] > restarts and stack.program("gateway")["state"] == "ready"
    )


def is_completing(organiser: Organiser, upload: str) -> bool:
    """Whether its parts are being put together."""
    with organiser.desk.database.begin() as session:
        return session.get_one(UploadRow, UUID(upload)).completing_until is not None


def ask_to_complete(url: str, key: str) -> None:
    """Ask, and be cut off."""
    with pytest.raises(httpx.TransportError):
        httpx.post(url, headers={"Authorization": f"Bearer {key}"}, timeout=60, trust_env=False)


@contextlib.contextmanager
def half_sent(url: str, path: str, key: str, part: bytes) -> Iterator[None]:
    """A part of which half has gone out."""
    address = urlsplit(url)
    head = f"PUT {path} HTTP/1.1\r\nHost: here\r\nAuthorization: Bearer {key}\r\nContent-Length: {len(part)}\r\n\r\n"
    with socket.create_connection((str(address.hostname), int(address.port or 80))) as line:
        line.sendall(head.encode() + part[: len(part) // 2])
        yield


class Way:
    """A way to a server that lets so many bytes through, and counts them."""

    def __init__(self, to: str, at_most_bytes: int) -> None:
        self._to = urlsplit(to)
        self._at_most_bytes = at_most_bytes
        self._lock = threading.Lock()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._ends: list[socket.socket] = []
        self.passed_bytes = 0
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"

    @property
    def is_full(self) -> bool:
        """Whether nothing more comes through."""
        return self.passed_bytes >= self._at_most_bytes

    def serve(self) -> None:
        """Take connections until it is closed."""
        with contextlib.suppress(OSError):
            while True:
                inside = self._listening.accept()[0]
                outside = socket.create_connection((str(self._to.hostname), int(self._to.port or 80)))
                self._ends += [inside, outside]
                threading.Thread(target=self._carry, args=(inside, outside, True)).start()
                threading.Thread(target=self._carry, args=(outside, inside, False)).start()

    def _carry(self, source: socket.socket, sink: socket.socket, is_counted: bool) -> None:
        with contextlib.suppress(OSError):
            while not (is_counted and self.is_full) and (block := source.recv(65536)):
                if is_counted:
                    with self._lock:
                        self.passed_bytes += len(block)
                sink.sendall(block)
            if not self.is_full:
                sink.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        """Hang up."""
        for end in (self._listening, *self._ends):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()


@contextlib.contextmanager
def passing(to: str, at_most_bytes: int = 10**12) -> Iterator[Way]:
    """A way to `to`, open."""
    with contextlib.closing(Way(to, at_most_bytes)) as way:
        serving = threading.Thread(target=way.serve)
        serving.start()
        yield way
    serving.join()
