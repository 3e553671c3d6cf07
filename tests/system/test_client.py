"""The client that the gateway hands out, against the running stack, with a file of the contest's size."""

import contextlib
import gzip
import json
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from tests.stacks import Stack
from tests.system.participants import definition

pytestmark = pytest.mark.system

IMAGES = 50_000
WRONG = 5_000
PLACE = ("client-trial", "classification", "test")
TO_TEST = ("--challenge", PLACE[0], "--task", PLACE[1], "--split", PLACE[2])


@pytest.fixture(scope="module")
def client(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The client as downloaded, with a challenge to submit to."""
    folder = tmp_path_factory.mktemp("client-trial")
    (folder / "challenge.toml").write_text(definition(PLACE[0], IMAGES, places=2))
    truth = folder / "truth.txt"
    truth.write_text("".join(f"{image % 1000 + 1}\n" for image in range(IMAGES)))
    stack.command("services.gateway", "publish", str(folder), "--ground-truth", str(truth))
    downloaded = folder / "client.py"
    downloaded.write_bytes(httpx.get(f"{stack.gateway_url}/client.py").raise_for_status().content)
    return downloaded


@pytest.fixture
def predictions(tmp_path: Path) -> Path:
    """50,000 lines of five guesses, of which the first 5,000 are wrong."""
    path = tmp_path / "predictions.txt"
    path.write_text("".join(guesses(image) for image in range(IMAGES)))
    return path


def guesses(image: int) -> str:
    """Five guesses for an image, the third right or none."""
    shift = 500 if image < WRONG else 0
    return " ".join(str((image + shift + step) % 1000 + 1) for step in (1, 2, 0, 3, 4)) + "\n"


def found_team(stack: Stack, name: str) -> str:
    """A new team's key."""
    return stack.command("services.gateway", "team", "create", name).split()[-1]


def run(client: Path, *arguments: str | Path, server: str, key: str) -> "subprocess.CompletedProcess[str]":
    """The client as a participant runs it."""
    command = (sys.executable, "-I", client, *arguments, "--server", server, "--key", key)
    return subprocess.run(command, capture_output=True, text=True, timeout=120)


def run_json(client: Path, *arguments: str | Path, server: str, key: str) -> Any:
    """What a command prints with `--json`; it must end well."""
    done = run(client, *arguments, "--json", server=server, key=key)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_participant_goes_from_a_file_to_the_board_and_to_the_end_of_the_allowance(
    stack: Stack, client: Path, predictions: Path, tmp_path: Path
) -> None:
    at = {"server": stack.gateway_url, "key": found_team(stack, "client trial")}

    done = run(client, "submit", predictions, *TO_TEST, "--method", "Third guess", "--publish", **at)
    assert done.returncode == 0, done.stderr
    assert "left: 1 of 2 in any 7 days (client-trial)" in done.stdout
    assert re.search(r"^top_5_error +0\.10000 +0\.\d{5} … 0\.\d{5}$", done.stdout, re.MULTILINE)
    submission = re.findall(r"accepted (\S+):", done.stdout)[0]

    assert run(client, "wait", submission, **at).returncode == 0
    kept = tmp_path / "report.json"
    assert run(client, "report", submission, "--output", kept, **at).returncode == 0
    assert json.loads(kept.read_bytes())["metrics"]["top_5_error"] == WRONG / IMAGES
    assert "top_5_error" in run(client, "report", submission, **at).stdout
    board = run_json(client, "leaderboard", *PLACE, **at)
    assert submission in [entry["submission"] for entry in board["entries"]]
    assert "Third guess" in run(client, "leaderboard", *PLACE, **at).stdout
    assert [item["id"] for item in run_json(client, "list", **at)["items"]] == [submission]
    assert "client-trial" in run(client, "challenges", **at).stdout

    broken = tmp_path / "broken.txt"
    broken.write_text(predictions.read_text().replace("\n", "\n1 2 cat\n", 1))
    done = run(client, "submit", broken, *TO_TEST, **at)
    assert done.returncode == 1, done.stderr
    assert re.search(r"^ +2:5: ", done.stdout, re.MULTILINE), done.stdout

    done = run(client, "submit", predictions, *TO_TEST, "--method", "Another name", **at)
    assert f"accepted {submission}: " in done.stdout
    assert "the same bytes were submitted before" in done.stdout
    assert "left: 1 of 2 in any 7 days (client-trial)" in done.stdout

    other = tmp_path / "other.txt"
    other.write_text(predictions.read_text() + "\n")
    assert run_json(client, "submit", other, *TO_TEST, **at)["evaluation"]["state"] == "scored"
    shown = run(client, "allowance", **at).stdout
    assert "left: 0 of 2 in any 7 days (client-trial); next free place: " in shown
    assert f"spent by {submission}, back " in shown
    assert "(scored, classification, test, Third guess)" in shown
    assert "given back (rejected): " in shown
    other.write_text(predictions.read_text() + "\n\n")
    done = run(client, "submit", other, *TO_TEST, **at)
    assert done.returncode == 4
    assert "next free place: " in done.stderr


def test_a_wrong_key_and_a_foreign_submission_are_refused(stack: Stack, client: Path) -> None:
    key = found_team(stack, "client refusals")
    assert run(client, "list", server=stack.gateway_url, key=key[:-1]).returncode == 3
    foreign = "7a6f3f0e-6a0e-4a8e-9c0e-0d9d6f1f2b11"
    done = run(client, "status", foreign, server=stack.gateway_url, key=key)
    assert done.returncode == 3
    assert f"your team has no submission {foreign}" in done.stderr


def test_a_lost_answer_to_a_submission_costs_no_second_place(stack: Stack, client: Path, predictions: Path) -> None:
    packed = predictions.with_suffix(".txt.gz")
    packed.write_bytes(gzip.compress(predictions.read_bytes()))
    key = found_team(stack, "client lost answers")
    with losing_first_answer(stack.gateway_url) as url:
        scored = run_json(client, "submit", packed, *TO_TEST, server=url, key=key)
    assert scored["evaluation"]["metrics"]["top_5_error"] == WRONG / IMAGES
    mine = run_json(client, "list", server=stack.gateway_url, key=key)["items"]
    assert [item["id"] for item in mine] == [scored["id"]]
    pools = run_json(client, "allowance", server=stack.gateway_url, key=key)["pools"]
    assert [pool["remaining"] for pool in pools if pool["pool"] == PLACE[0]] == [1]


@contextlib.contextmanager
def losing_first_answer(url: str) -> Iterator[str]:
    """The address of a proxy to `url` that hangs up when the first connection's answer begins."""
    to = (urlsplit(url).hostname, urlsplit(url).port)
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            is_first = True
            with contextlib.suppress(OSError):
                while True:
                    inside = listening.accept()[0]
                    threading.Thread(target=relay, args=(inside, socket.create_connection(to), is_first)).start()
                    is_first = False

        accepting = threading.Thread(target=serve)
        accepting.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        listening.shutdown(socket.SHUT_RDWR)
        accepting.join()


def relay(client: socket.socket, server: socket.socket, loses_answer: bool) -> None:
    """Carry bytes both ways until either side hangs up; or until the server answers, if its answer is to be lost."""
    with client, server:
        asking = threading.Thread(target=carry, args=(client, server))
        asking.start()
        if loses_answer:
            server.recv(1)
        else:
            carry(server, client)
        for end in (client, server):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        asking.join()


def carry(source: socket.socket, sink: socket.socket) -> None:
    """Carry bytes one way until the source ends or an end is shut."""
    with contextlib.suppress(OSError):
        while block := source.recv(65536):
            sink.sendall(block)
        sink.shutdown(socket.SHUT_WR)
