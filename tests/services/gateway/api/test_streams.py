"""Answers that stay open: live stages of a submission and the feed of events, over real connections."""

import asyncio
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx
import pytest
import uvicorn

from services.gateway.actions.keys import revoke_key
from services.gateway.api.bells import Bells
from services.gateway.api.streams import HEARTBEAT, Step, stream
from services.gateway.app import build_app
from services.gateway.desk import Desk, open_desk
from services.gateway.settings import GatewaySettings
from services.gateway.store import events
from shared.messages import Notice
from tests.services.gateway import reports
from tests.services.gateway.conftest import Scorer, Team
from tests.services.gateway.telling import submission_of, tell
from tests.waiting import eventually

STREAM = {"Accept": "text/event-stream"}


@dataclass(frozen=True, slots=True)
class Told:
    """One event of a stream."""

    id: str
    event: str
    data: dict[str, Any]


def told(lines: Iterator[str]) -> Iterator[Told]:
    """The events in a stream's lines; comments are passed over."""
    fields: dict[str, str] = {}
    for line in lines:
        if line:
            name, _, value = line.partition(": ")
            fields[name] = value
        elif "event" in fields:
            yield Told(fields["id"], fields["event"], json.loads(fields["data"]))
            fields = {}


@contextmanager
def streaming(team: Team, path: str, more: Mapping[str, str] = {}) -> Iterator[Iterator[Told]]:
    with team.http.stream("GET", path, headers={**STREAM, **more}) as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        yield told(answer.iter_lines())


def notice(evaluation: UUID, stage: str | None = None) -> Notice:
    return Notice(
        kind="stage" if stage else "started", evaluation=evaluation, attempt=1, run=1, scorer="tests", stage=stage
    )


def test_a_submission_is_followed_stage_by_stage_until_its_outcome_closes_the_stream(
    team: Team, scorer: Scorer
) -> None:
    view = team.submit(b"1\n2\n3\n4\n").json()["submission"]
    evaluation = UUID(view["evaluation"]["id"])
    with streaming(team, f"/v1/submissions/{view['id']}/events") as heard:
        assert next(heard).event == "queued"
        scorer.notify(notice(evaluation))
        assert next(heard).event == "running"
        for stage in ("parsing", "scoring"):
            scorer.notify(notice(evaluation, stage))
            change = next(heard)
            assert (change.event, change.data["evaluation"]["stage"]) == ("stage", stage)
        assert scorer.conclude(reports.scored(0.25), evaluation)
        last = next(heard)
        assert (last.event, last.data) == ("scored", team.http.get(f"/v1/submissions/{view['id']}").json())
        assert list(heard) == []


def test_a_submission_that_is_over_is_told_once(team: Team, scorer: Scorer) -> None:
    view = team.submit(b"1\n2\n3\n4\n").json()["submission"]
    assert scorer.conclude(reports.rejected(), UUID(view["evaluation"]["id"]))
    with streaming(team, f"/v1/submissions/{view['id']}/events") as heard:
        assert [event.event for event in heard] == ["rejected"]


def test_another_team_s_submission_is_not_followed(team: Team) -> None:
    answer = team.http.get(f"/v1/submissions/{UUID(int=7)}/events")
    assert (answer.status_code, answer.json()["code"]) == (404, "no-such-submission")


def test_the_feed_goes_on_in_a_stream_and_behind_the_last_event_that_a_reader_saw(desk: Desk, team: Team) -> None:
    tell(desk, team.id)
    tell(desk, team.id, "evaluation.failed")
    with streaming(team, "/v1/events") as heard:
        first, second = next(heard), next(heard)
        assert [(event.id, event.event) for event in (first, second)] == [
            ("1", "evaluation.scored"),
            ("2", "evaluation.failed"),
        ]
        tell(desk, team.id)
        assert next(heard).id == "3"
    with streaming(team, "/v1/events?after=0", {"Last-Event-ID": "2"}) as heard:
        assert next(heard).data == team.http.get("/v1/events?after=2").json()["items"][0]


def test_more_events_than_fit_a_page_all_come_at_once(desk: Desk, team: Team) -> None:
    submission = submission_of(desk, team.id)
    with desk.database.begin() as session:
        for _ in range(101):
            events.tell(session, submission, "evaluation.scored", {}, desk.clock())
    with streaming(team, "/v1/events") as heard:
        assert [next(heard).id for _ in range(101)] == [str(number) for number in range(1, 102)]


def test_a_revoked_key_hears_nothing_more(desk: Desk, team: Team) -> None:
    tell(desk, team.id)
    with streaming(team, "/v1/events") as heard:
        assert next(heard).id == "1"
        revoke_key(desk, team.key.split("_")[1])
        tell(desk, team.id)
        assert list(heard) == []


@contextmanager
def another_gateway(settings: GatewaySettings) -> Iterator[tuple[str, "threading.Thread", Any]]:
    """A gateway of its own on a free port: its address, its thread, and what tells it to drain."""
    app = build_app(open_desk(settings, "tests drain"))
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None))
    loops: list[asyncio.AbstractEventLoop] = []

    async def serve() -> None:
        loops.append(asyncio.get_running_loop())
        await server.serve()

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    eventually(lambda: server.started)
    port = server.servers[0].sockets[0].getsockname()[1]

    def drain() -> None:
        loops[0].call_soon_threadsafe(app.state.readiness.drain)
        server.should_exit = True

    try:
        yield f"http://127.0.0.1:{port}", thread, drain
    finally:
        server.should_exit = True
        thread.join(30)


@pytest.mark.parametrize("path", ["/v1/events", "/v1/events?wait=60"])
def test_a_gateway_that_stops_lets_every_reader_go(settings: GatewaySettings, team: Team, path: str) -> None:
    headers = {"Authorization": f"Bearer {team.key}"} | ({} if "wait" in path else STREAM)
    ended: list[int] = []
    with another_gateway(settings) as (url, thread, drain):
        reader = threading.Thread(
            target=lambda: ended.append(httpx.get(url + path, headers=headers, timeout=30).status_code)
        )
        reader.start()
        reader.join(0.5)
        assert reader.is_alive()
        drain()
        reader.join(5)
        thread.join(5)
        assert ended == [200]
        assert not thread.is_alive()


def test_a_quiet_stream_shows_that_it_lives() -> None:
    async def first_frames() -> list[object]:
        answer = stream(Bells("postgresql://nobody"), "team", lambda: Step([]), heartbeat_seconds=0.01)
        frames = aiter(answer.body_iterator)
        return [await anext(frames), await anext(frames)]

    assert asyncio.run(first_frames()) == [HEARTBEAT, HEARTBEAT]
