"""The client with a large file: in parts, each until it is there, and never twice what the server has."""

import base64
import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.handout import client_file
from tests.services.gateway.imitation import (
    OTHER,
    STANDING,
    SUBMISSION,
    Answer,
    Asked,
    Cut,
    Imitation,
    Reply,
    page,
    problem,
    submission,
)
from tests.services.gateway.test_client import ENVIRONMENT, KEY, SUBMIT, TO_TEST
from tests.services.gateway.vault import (
    COMPLETE,
    PART_BYTES,
    UPLOAD,
    UPLOADS,
    part_path,
    take_in_parts,
    taken,
    upload_of,
)
from tests.waiting import eventually

SIZE_BYTES = 4 * PART_BYTES + 1000
"""A little above the threshold: five parts, the last one small."""


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("large") / "predictions.npy"
    path.write_bytes(os.urandom(SIZE_BYTES))
    return path


@pytest.fixture
def server(file: Path) -> Iterator[Imitation]:
    """A server that takes the file in parts."""
    imitation = Imitation()
    take_in_parts(imitation, file)
    with imitation.serving():
        yield imitation


def started(server: Imitation, file: Path, *options: str) -> "subprocess.Popen[str]":
    command: tuple[str | Path, ...] = (sys.executable, client_file(), "submit", file, *TO_TEST, "--no-wait", *options)
    told = ENVIRONMENT | {"HOLDOUT_URL": server.url, "HOLDOUT_KEY": KEY}
    return subprocess.Popen(command, env=told, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def ended(client: "subprocess.Popen[str]", code: int) -> tuple[str, str]:
    """What it printed and noted; it must have ended with this code."""
    said, noted = client.communicate(timeout=60)
    assert client.returncode == code, noted
    return said, noted


def run(server: Imitation, file: Path, *options: str, code: int = 0) -> tuple[str, str]:
    return ended(started(server, file, *options), code)


def sent_parts(server: Imitation) -> Counter[int]:
    """How often each part was sent."""
    return Counter(int(asked.path.rsplit("/", 1)[1]) for asked in server.asked if asked.method == "PUT")


def test_a_large_file_goes_in_parts_each_with_its_length_and_digest(server: Imitation, file: Path) -> None:
    said, noted = run(server, file)
    assert f"accepted {SUBMISSION}" in said
    assert "left: 1 of 2" in said
    assert f"sent predictions.npy: {SIZE_BYTES:,} bytes" in noted
    assert sent_parts(server) == Counter([1, 2, 3, 4, 5])
    for asked in server.asked:
        if asked.method == "PUT":
            assert asked.body_bytes == (1000 if asked.path.endswith("/5") else PART_BYTES)
            stated = base64.b64encode(bytes.fromhex(asked.sha256)).decode()
            assert asked.headers["content-digest"] == f"sha-256=:{stated}:"
            assert asked.headers["content-length"] == str(asked.body_bytes)
    assert server.count("POST", SUBMIT) == 0


def test_parts_go_several_at_a_time_and_one_by_one_when_asked(server: Imitation, file: Path) -> None:
    most = _most_at_once(server, file, "--parallel", "4", together=4)
    assert most == 4
    assert _most_at_once(server, file, "--parallel", "1", together=1) == 1


def _most_at_once(server: Imitation, file: Path, *options: str, together: int) -> int:
    lock, full, here, most = threading.Lock(), threading.Event(), [0], [0]

    def hold(asked: Asked) -> Answer:
        with lock:
            here[0] += 1
            most[0] = max(most[0], here[0])
            if here[0] == together:
                full.set()
        full.wait(20)
        with lock:
            here[0] -= 1
        return taken(asked)

    for number in range(1, 6):
        server.script("PUT", part_path(number), hold)
    run(server, file, *options)
    return most[0]


def test_each_part_is_sent_until_it_is_there(server: Imitation, file: Path) -> None:
    stumbles: list[Reply] = [
        Cut(100_000),
        problem(500, "internal", "something broke"),
        problem(400, "digest-mismatch", "it arrived with another digest"),
    ]
    for number, stumble in enumerate(stumbles, start=1):
        server.script("PUT", part_path(number), stumble, taken)
    server.script("PUT", part_path(4), Answer(502, b"<html>"), Cut(), taken)
    _, noted = run(server, file)
    assert sent_parts(server) == Counter({1: 2, 2: 2, 3: 2, 4: 3, 5: 1})
    assert noted.count("trying again") == 5


def test_what_the_server_has_is_not_sent_again(server: Imitation, file: Path) -> None:
    take_in_parts(server, file, 1, 3, 4)
    _, noted = run(server, file)
    assert f"going on with upload {OTHER}: 3 of 5 parts are there" in noted
    assert sent_parts(server) == Counter([2, 5])
    assert server.count("POST", UPLOADS) == 0


def test_another_upload_is_not_gone_on_with(server: Imitation, file: Path) -> None:
    others: list[dict[str, Any]] = [
        {"received_digest": "0" * 64},
        {"method": "another"},
        {"split": "validation"},
        {"publish": True},
        {"labels": "kaggle"},
        {"participate": False},
        {"entry": SUBMISSION},
    ]
    server.script("GET", UPLOADS, page(*(upload_of(file, 1, 2) | other for other in others)))
    run(server, file)
    assert server.count("POST", UPLOADS) == 1


def test_an_upload_whose_opening_was_not_answered_is_found_and_not_opened_twice(server: Imitation, file: Path) -> None:
    server.script("GET", UPLOADS, page(), page(upload_of(file)))
    server.script("POST", UPLOADS, Cut())
    run(server, file)
    assert server.count("POST", UPLOADS) == 1
    assert sent_parts(server) == Counter([1, 2, 3, 4, 5])


def test_a_complete_upload_is_not_sent_again(server: Imitation, file: Path) -> None:
    server.script("GET", UPLOADS, page(upload_of(file, state="sealed")))
    said, _ = run(server, file)
    assert f"accepted {SUBMISSION}" in said
    assert not sent_parts(server)


def test_an_upload_far_down_the_list_is_gone_on_with(server: Imitation, file: Path) -> None:
    take_in_parts(server, file, 1, 2, 3, 4)
    others = [upload_of(file, 1, method="another")] * 3
    server.script("GET", UPLOADS, page(*others, following="further"), page(upload_of(file, 1, 2, 3, 4)))
    run(server, file)
    assert sent_parts(server) == Counter([5])


def test_bytes_that_the_server_has_are_not_sent(server: Imitation, file: Path) -> None:
    known = {"submission": submission(), "allowance": STANDING, "reused": True}
    server.script("POST", UPLOADS, Answer(200, known))
    said, _ = run(server, file)
    assert f"accepted {SUBMISSION}" in said
    assert "the same bytes were submitted before" in said
    assert not sent_parts(server)
    assert server.count("POST", COMPLETE) == 0


def test_a_file_whose_evaluation_failed_on_our_side_is_sent_anew(server: Imitation, file: Path) -> None:
    server.script("GET", UPLOADS, page(upload_of(file, state="sealed")))
    failed = {"submission": submission(judged="failed"), "allowance": STANDING}
    server.script("POST", COMPLETE, Answer(202, failed), Answer(202, failed | {"submission": submission()}))
    run(server, file)
    assert server.count("POST", UPLOADS) == 1
    assert sent_parts(server) == Counter([1, 2, 3, 4, 5])


def test_the_completion_is_asked_for_until_it_is_answered(server: Imitation, file: Path) -> None:
    busy = problem(409, "upload-completing", "the parts are being put together")
    sealed = Answer(202, {"submission": submission(), "allowance": STANDING})
    server.script("POST", COMPLETE, Cut(), busy, Answer(504, b""), sealed)
    said, _ = run(server, file)
    assert f"accepted {SUBMISSION}" in said
    assert server.count("POST", COMPLETE) == 4


def test_a_refused_part_ends_with_3_and_nothing_is_completed(server: Imitation, file: Path) -> None:
    server.script("PUT", part_path(2), problem(409, "upload-expired", "the upload was given up"))
    _, noted = run(server, file, code=3)
    assert "the upload was given up" in noted
    assert server.count("POST", COMPLETE) == 0


def test_no_place_ends_with_4_before_a_byte_is_sent(server: Imitation, file: Path) -> None:
    server.script("POST", UPLOADS, problem(429, "no-places-left", "both places are taken", next_free_at="tomorrow"))
    _, noted = run(server, file, code=4)
    assert "next free place: tomorrow" in noted
    assert not sent_parts(server)


def test_a_file_that_changes_meanwhile_ends_with_2_and_its_upload_is_given_up(server: Imitation, file: Path) -> None:
    server.script("POST", COMPLETE, problem(409, "upload-digest-differs", "the parts have another digest"))
    _, noted = run(server, file, code=2)
    assert "changed while it was being sent" in noted
    assert server.count("DELETE", UPLOAD) == 1


def test_a_server_that_stays_away_ends_with_5_and_says_how_to_go_on(server: Imitation, file: Path) -> None:
    server.script("PUT", part_path(1), Answer(503, b""))
    _, noted = run(server, file, "--timeout", "1", code=5)
    assert "the same command sends what is missing" in noted
    assert f"give-up {OTHER}" in noted


def test_ctrl_c_ends_with_130_at_once_and_says_how_to_go_on(server: Imitation, file: Path) -> None:
    waiting = threading.Event()

    def hold(asked: Asked) -> Answer:
        waiting.wait(20)
        return taken(asked)

    server.script("PUT", part_path(1), hold)
    client = started(server, file)
    eventually(lambda: len(sent_parts(server)) == 5)
    client.send_signal(signal.SIGINT)
    waiting.set()
    _, noted = ended(client, 130)
    assert "the same command sends what is missing" in noted
    assert server.count("POST", COMPLETE) == 0


@pytest.mark.parametrize("number", ["0", "17", "many"])
def test_so_many_at_once_there_cannot_be(server: Imitation, file: Path, number: str) -> None:
    run(server, file, "--parallel", number, code=2)
    assert server.asked == []


def test_uploads_are_listed_and_given_up(server: Imitation, file: Path) -> None:
    take_in_parts(server, file, 1, 2)
    told = ENVIRONMENT | {"HOLDOUT_URL": server.url, "HOLDOUT_KEY": KEY}
    listing = subprocess.run(
        (sys.executable, client_file(), "uploads"), env=told, capture_output=True, text=True, timeout=60
    )
    assert f"{OTHER}  open   2 of 5" in listing.stdout
    done = subprocess.run((sys.executable, client_file(), "give-up", OTHER), env=told, capture_output=True, timeout=60)
    assert done.returncode == 0
    assert server.count("DELETE", UPLOAD) == 1
