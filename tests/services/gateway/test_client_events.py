"""The client reads the feed: page by page, from where it is told, and says where to go on."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from tests.handout import client_file
from tests.services.gateway.imitation import SUBMISSION, Answer, Imitation, moment, problem
from tests.waiting import eventually

FEED = "/v1/events"


@pytest.fixture
def server() -> Iterator[Imitation]:
    with Imitation().serving() as imitation:
        yield imitation


def command(*arguments: str) -> list[str]:
    return [sys.executable, str(client_file()), "events", *arguments]


def told(server: Imitation) -> dict[str, str]:
    known = {"PATH": os.environ["PATH"], "NO_PROXY": "*", "LANG": "C.UTF-8"}
    return known | {"HOLDOUT_URL": server.url, "HOLDOUT_KEY": "holdout_abcdefghijkm_secret"}


def run(server: Imitation, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(command(*arguments), env=told(server), capture_output=True, text=True, timeout=60)


def event(position: int, outcome: str = "scored") -> dict[str, Any]:
    failure = None if outcome == "scored" else {"code": "x", "sentence": "line 2 is \x1b[31mblank", "remedy": ""}
    data = {
        "submission": SUBMISSION,
        "challenge": "ilsvrc2012",
        "task": "classification",
        "split": "test",
        "outcome": outcome,
        "metrics": {"top_5_error": 0.06178} if outcome == "scored" else {},
        "failure": failure,
    }
    name = f"evaluation.{outcome}"
    return {"id": f"msg_{position}", "position": position, "type": name, "timestamp": moment(), "data": data}


def page(following: int, *events: dict[str, Any]) -> Answer:
    return Answer(200, {"items": list(events), "next": following})


def test_everything_since_a_position_is_read_page_by_page(server: Imitation) -> None:
    server.script("GET", FEED, page(7, event(6), event(7, "rejected")), page(8, event(8)), page(8))
    done = run(server, "--after", "5")
    assert done.returncode == 0, done.stderr
    first, second, third = done.stdout.splitlines()
    assert first.startswith("6  ")
    assert "evaluation.scored" in first
    assert SUBMISSION in first
    assert "top_5_error 0.06178" in first
    assert "line 2 is ?[31mblank" in second
    assert third.startswith("8  ")
    assert [asked.query["after"] for asked in server.asked] == ["5", "7", "8"]
    assert "events --after 8" in done.stderr


def test_json_is_one_event_a_line_as_the_server_said_it(server: Imitation) -> None:
    server.script("GET", FEED, page(2, event(1), event(2, "failed")), page(2))
    done = run(server, "--json")
    assert [json.loads(line)["id"] for line in done.stdout.splitlines()] == ["msg_1", "msg_2"]


def test_an_endpoint_that_is_disabled_is_one_line_too(server: Imitation) -> None:
    data = {
        "endpoint": "3e1d",
        "url": "https://ci.example/hook",
        "disabled_because": "failing",
        "failing_since": moment(),
    }
    told_of = {"id": "msg_1", "position": 1, "type": "endpoint.disabled", "timestamp": moment(), "data": data}
    server.script("GET", FEED, page(1, told_of), page(1))
    (line,) = run(server).stdout.splitlines()
    assert "endpoint.disabled  3e1d  https://ci.example/hook  fails since 20" in line
    assert "None" not in line


def test_following_goes_on_until_it_is_stopped_and_says_where_it_was(server: Imitation) -> None:
    server.script("GET", FEED, page(1, event(1)), page(1), page(2, event(2)), page(2))
    with subprocess.Popen(
        command("--follow"), env=told(server), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as client:
        eventually(lambda: server.count("GET", FEED) >= 4)
        client.send_signal(signal.SIGINT)
        printed, said = client.communicate(timeout=20)
    assert [line[0] for line in printed.splitlines()] == ["1", "2"]
    assert client.returncode == 130
    assert "events --after 2" in said
    assert {asked.query["wait"] for asked in server.asked} == {"30"}


def test_a_refusal_ends_with_its_code_and_says_where_the_reading_was(server: Imitation) -> None:
    server.script("GET", FEED, page(1, event(1)), problem(403, "scope-missing", "the key has no 'read' scope"))
    done = run(server)
    assert done.returncode == 3
    assert "no 'read' scope" in done.stderr
    assert "events --after 1" in done.stderr
