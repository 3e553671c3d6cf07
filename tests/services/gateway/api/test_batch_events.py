"""One stream of what happens to a batch's models, over real connections: broken off, taken up again, ended."""

import json
import socket
import threading
from collections.abc import Iterator
from itertools import islice
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from services.gateway.desk import Desk
from services.gateway.settings import GatewaySettings
from shared.messages import Notice
from tests.services.gateway import reports
from tests.services.gateway.api.test_streams import another_gateway, streaming
from tests.services.gateway.conftest import Scorer, Team
from tests.services.gateway.posting import announced, evaluation_of, file, inline, lines, manifest, now, posted, put


def seen(events: Iterator[dict[str, Any]], count: int) -> list[tuple[int, str]]:
    """Index and state of the next events."""
    return [(event["data"]["index"], event["event"]) for event in islice(events, count)]


def test_a_batch_is_followed_model_by_model_until_all_are_finished(team: Team, scorer: Scorer) -> None:
    batch = posted(team, manifest(inline(1), {"name": "wrong"}, announced(file(2), "later")))
    with lines(team, batch) as heard:
        assert sorted(seen(heard, 3)) == [(0, "queued"), (1, "refused"), (2, "wanted")]
        evaluation = evaluation_of(team, batch["models"][0])
        scorer.notify(Notice(kind="started", evaluation=evaluation, attempt=1, run=1, scorer="tests"))
        assert seen(heard, 1) == [(0, "running")]
        scorer.conclude(reports.scored(0.25), evaluation)
        scored = next(heard)
        assert (scored["event"], scored["data"]) == ("scored", now(team, batch)["models"][0])
        put(team, batch, 2, file(2)).raise_for_status()
        states = [next(heard)["event"]]
        if states == ["uploading"]:
            states.append(next(heard)["event"])
        assert states[-1] == "queued"
        scorer.conclude(reports.rejected(), evaluation_of(team, now(team, batch)["models"][2]))
        assert seen(heard, 1) == [(2, "rejected")]
        end = next(heard)
        assert (end["event"], end["data"]["finished"]) == ("finished", True)
        assert end["data"]["counts"] == {"scored": 1, "refused": 1, "rejected": 1}
        assert list(heard) == []


def test_server_sent_events_bring_the_same(team: Team) -> None:
    batch = posted(team, manifest({"name": "wrong"}, {"name": "too"}))
    with streaming(team, f"/v1/batches/{batch['id']}/events") as heard:
        told = [(event.id, event.event, event.data) for event in heard]
    with lines(team, batch) as heard_lines:
        assert [(event["id"], event["event"], event["data"]) for event in heard_lines] == told
    assert [event for _, event, _ in told] == ["refused", "refused", "finished"]
    assert [data for _, _, data in told[:2]] == batch["models"]


def test_a_reader_that_connects_again_goes_on_behind_what_it_saw(team: Team, scorer: Scorer) -> None:
    batch = posted(team, manifest(*(inline(number) for number in range(4))))
    evaluations = [evaluation_of(team, model) for model in batch["models"]]
    with lines(team, batch) as heard:
        assert len(seen(heard, 4)) == 4
        scorer.conclude(reports.scored(), evaluations[2])
        last = next(heard)
        assert last["data"]["index"] == 2
    for number in (3, 0):
        scorer.conclude(reports.scored(), evaluations[number])
    with lines(team, batch, last["id"]) as heard:
        assert seen(heard, 2) == [(3, "scored"), (0, "scored")]
        scorer.conclude(reports.scored(), evaluations[1])
        assert seen(heard, 1) == [(1, "scored")]
        end = next(heard)
        assert end["event"] == "finished"
    with lines(team, batch, end["id"]) as heard:
        assert [event["event"] for event in heard] == ["finished"]


@pytest.mark.parametrize("last", ["", "no number", "99999999999999999999999"])
def test_a_last_event_that_is_none_of_this_server_s_begins_anew(team: Team, last: str) -> None:
    batch = posted(team, manifest({"name": "wrong"}))
    with lines(team, batch, last) as heard:
        assert [event["event"] for event in heard] == ["refused", "finished"]


def broken_off(team: Team, url: str, batch: dict[str, Any], bytes_read: int) -> None:
    """Read so much of a stream, then reset the connection under it."""
    parts = urlsplit(url)
    with socket.create_connection((parts.hostname, parts.port)) as connection:
        head = f"GET /v1/batches/{batch['id']}/events HTTP/1.1\r\nHost: gateway\r\nAuthorization: Bearer {team.key}\r\n\r\n"
        connection.sendall(head.encode())
        got = 0
        while got < bytes_read:
            got += len(connection.recv(bytes_read - got))
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")


def test_connections_that_are_killed_lose_nothing(team: Team, scorer: Scorer, gateway_url: str) -> None:
    """A reader is cut at any byte, and begins behind the last whole line that it had: at the end it has heard it all."""
    batch = posted(team, manifest(*(inline(number) for number in range(6))))
    evaluations = [evaluation_of(team, model) for model in batch["models"]]
    broken_off(team, gateway_url, batch, 700)
    heard: dict[int, list[str]] = {number: [] for number in range(6)}
    last = None
    for evaluation in evaluations:
        scorer.conclude(reports.scored(), evaluation)
        with lines(team, batch, last) as events:
            event = next(events)
            last = event["id"]
            heard[event["data"]["index"]].append(event["event"])
    with lines(team, batch, last) as events:
        rest = list(events)
    for event in rest[:-1]:
        heard[event["data"]["index"]].append(event["event"])
    assert rest[-1]["event"] == "finished"
    assert {states[-1] for states in heard.values()} == {"scored"}


def test_a_gateway_that_stops_ends_the_stream_and_another_goes_on_with_it(
    settings: GatewaySettings, team: Team, scorer: Scorer
) -> None:
    batch = posted(team, manifest(inline(1), inline(2)))
    evaluations = [evaluation_of(team, model) for model in batch["models"]]
    ended: list[list[dict[str, Any]]] = []
    headers = {"Authorization": f"Bearer {team.key}", "Accept": "application/x-ndjson"}
    begun = threading.Event()

    def read(url: str) -> None:
        with httpx.stream("GET", f"{url}/v1/batches/{batch['id']}/events", headers=headers, timeout=30) as answer:
            events = (json.loads(line) for line in answer.iter_lines() if line)
            first = [next(events), next(events)]
            begun.set()
            ended.append([*first, *events])

    with another_gateway(settings) as (url, thread, drain):
        reader = threading.Thread(target=read, args=(url,))
        reader.start()
        assert begun.wait(10)
        drain()
        reader.join(10)
        thread.join(10)
    (before,) = ended
    assert [event["event"] for event in before] == ["queued", "queued"]
    for evaluation in evaluations:
        scorer.conclude(reports.scored(), evaluation)
    with lines(team, batch, before[-1]["id"]) as heard:
        assert [event["event"] for event in heard] == ["scored", "scored", "finished"]


def test_a_batch_of_known_bytes_hears_of_the_evaluation_that_it_joined(team: Team, scorer: Scorer) -> None:
    first = posted(team, manifest(inline(1)))
    second = posted(team, manifest(inline(1), tolerance=0.5))
    assert second["models"][0]["known"]
    with lines(team, first) as one, lines(team, second) as other:
        assert [next(heard)["event"] for heard in (one, other)] == ["queued", "queued"]
        scorer.conclude(reports.scored(), evaluation_of(team, first["models"][0]))
        assert [event["event"] for event in (*one, *other)] == ["scored", "finished"] * 2


def test_changes_are_numbered_in_the_order_in_which_they_can_be_seen(team: Team, scorer: Scorer, desk: Desk) -> None:
    """Outcomes that come at once, each in a transaction of its own: a reader behind n has seen all up to n."""
    batch = posted(team, manifest(*(inline(number) for number in range(12))))
    evaluations = [evaluation_of(team, model) for model in batch["models"]]
    with lines(team, batch) as heard:
        seen(heard, 12)
        threads = [threading.Thread(target=scorer.conclude, args=(reports.scored(), one)) for one in evaluations]
        for thread in threads:
            thread.start()
        events = list(heard)
        for thread in threads:
            thread.join()
    numbers = [int(event["id"]) for event in events[:-1]]
    assert numbers == sorted(set(numbers))
    assert {event["data"]["index"] for event in events[:-1]} == set(range(12))
