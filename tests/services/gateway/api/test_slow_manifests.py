"""Manifests and forms that come slowly are cut off, are small in memory, and hold up nobody else's."""

import asyncio
import gc
import json
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

import pytest
from fastapi import FastAPI

from services.gateway.api.manifests import Posted
from services.gateway.app import build_app
from services.gateway.desk import Desk
from services.gateway.manifests.manifest import Draft, Manifest
from services.gateway.turnstile import FORMS_PER_TEAM, MANIFESTS_IN_ALL, MANIFESTS_PER_TEAM
from tests.services.gateway.conftest import Team
from tests.services.gateway.hurrying import HurryingLoop
from tests.services.gateway.posting import announced, file, inline, manifest

BOUNDARY = "----boundary4Xq"
FORM = f"multipart/form-data; boundary={BOUNDARY}"
PATIENCE_SECONDS = 600
"""Of somebody who waits, by the loop's clock."""

Answer = tuple[int, dict[str, Any]]
Body = AsyncIterator[bytes]


@pytest.fixture
def app(desk: Desk, tiny: str) -> FastAPI:
    """The gateway, to be served in a loop of ours."""
    assert tiny
    return build_app(desk)


async def post(
    app: FastAPI, team: Team, body: Body, media: str = "application/json", patience_seconds: float = PATIENCE_SECONDS
) -> Answer:
    """What a body is answered that is read as fast as the application likes."""
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        chunk = await anext(body, None)
        return {"type": "http.request", "body": chunk or b"", "more_body": chunk is not None}

    async def send(message: Any) -> None:
        sent.append(message)

    headers = {"authorization": f"Bearer {team.key}", "content-type": media, "transfer-encoding": "chunked"}
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": "/v1/batches",
        "raw_path": b"/v1/batches",
        "root_path": "",
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
    }
    async with asyncio.timeout(patience_seconds):
        await app(scope, receive, send)
    return sent[0]["status"], json.loads(b"".join(message.get("body", b"") for message in sent[1:]))


async def at_once(content: dict[str, Any]) -> Body:
    """A manifest without files."""
    yield json.dumps(content).encode()


def field(name: str, content: bytes = b"") -> bytes:
    """The beginning of a field of a form, up to where its content may go on."""
    return f'\r\n--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'.encode() + content


def opening(*names: str, content: dict[str, Any] | None = None) -> bytes:
    """A form up to the beginning of its first file, whose manifest names files."""
    models = [announced(file(number), name, file=name) for number, name in enumerate(names)]
    return field("manifest", json.dumps(content or manifest(*models)).encode()).lstrip() + field(names[0])


END = f"\r\n--{BOUNDARY}--\r\n".encode()


def codes(answers: Sequence[Answer]) -> list[tuple[int, str | None]]:
    return [(status, content.get("code")) for status, content in answers]


def test_manifests_that_trickle_in_are_cut_off_and_give_their_places_back(
    app: FastAPI, found: Callable[..., Team]
) -> None:
    loop, arrived, full = HurryingLoop(), 0, asyncio.Event()

    async def slow() -> Body:
        nonlocal arrived
        arrived += 1
        if arrived == MANIFESTS_IN_ALL:
            full.set()
        await full.wait()
        async for chunk in loop.trickle(b" ", 1):
            yield chunk

    async def run() -> tuple[list[Answer], Answer]:
        teams = [found() for _ in range(MANIFESTS_IN_ALL // MANIFESTS_PER_TEAM)]
        others = [asyncio.create_task(post(app, team, slow())) for team in teams * MANIFESTS_PER_TEAM]
        await full.wait()
        quick = await post(app, found(), at_once(manifest(announced(file(1), "a"))))
        return await asyncio.gather(*others), quick

    others, quick = loop.run(run())
    assert codes(others) == [(400, "upload-too-slow")] * MANIFESTS_IN_ALL
    assert "the manifest took longer than 60 seconds" in others[0][1]["detail"]
    assert quick[0] == 201


def test_a_form_whose_manifest_trickles_in_is_cut_off(app: FastAPI, team: Team) -> None:
    loop = HurryingLoop()

    async def slow() -> Body:
        yield field("manifest").lstrip()
        async for chunk in loop.trickle(b" ", 1):
            yield chunk

    assert codes([loop.run(post(app, team, slow(), FORM))]) == [(400, "upload-too-slow")]


@pytest.mark.parametrize("begun", [b"", file(0)[:2], file(0) + field("b")], ids=["no byte", "within", "between"])
def test_a_form_that_falls_silent_is_cut_off_and_what_came_is_taken(app: FastAPI, team: Team, begun: bytes) -> None:
    loop = HurryingLoop()

    async def silent() -> Body:
        yield opening("a", "b")
        if begun:
            yield begun
        async for _ in loop.trickle(b"", 31):
            pass

    status, problem = loop.run(post(app, team, silent(), FORM))
    assert (status, problem["code"]) == (400, "upload-too-slow")
    assert "no byte of the form came for 30 seconds" in problem["detail"]
    (batch,) = team.http.get("/v1/batches").json()["items"]
    assert batch["counts"] == ({"queued": 1, "wanted": 1} if begun.startswith(file(0)) else {"wanted": 2})


def test_a_form_may_not_dwell_for_ever_on_a_file_that_is_not_needed(app: FastAPI, team: Team, desk: Desk) -> None:
    loop = HurryingLoop()
    team.submit(file(0), "validation").raise_for_status()

    async def slow() -> Body:
        yield opening("a")
        async for chunk in loop.trickle(b" ", 29):
            yield chunk

    answer = loop.run(post(app, team, slow(), FORM, 2 * desk.settings.upload_seconds))
    assert codes([answer]) == [(400, "upload-too-slow")]


def test_while_files_come_nothing_is_kept_of_their_manifest(app: FastAPI, team: Team) -> None:
    kept: list[Any] = []

    async def form() -> Body:
        yield opening("a", content=manifest(announced(file(0), "a", file="a"), inline(1)))
        gc.collect()
        kept.extend(type(each) for each in gc.get_objects() if isinstance(each, Posted | Manifest | Draft))
        yield file(0) + END

    status, batch = asyncio.run(post(app, team, form(), FORM))
    assert (status, batch["counts"]) == (201, {"queued": 2})
    assert kept == []


def test_a_team_s_forms_take_turns_and_hold_up_nobody_else(app: FastAPI, found: Callable[..., Team]) -> None:
    busy = found()

    async def run() -> list[Answer]:
        inside, mostly, leave = 0, 0, asyncio.Event()
        full = asyncio.Event()

        async def form(number: int) -> Body:
            nonlocal inside, mostly
            inside += 1
            mostly = max(mostly, inside)
            if inside == FORMS_PER_TEAM:
                full.set()
            models = [announced(file(number), f"{number}", file="a")]
            yield opening("a", content=manifest(*models))
            await leave.wait()
            inside -= 1
            yield file(number) + END

        forms = [asyncio.create_task(post(app, busy, form(number), FORM)) for number in range(4)]
        async with asyncio.timeout(60):
            await full.wait()
            content = manifest(announced(file(1), "a", file="a"))
            others = [
                await post(app, busy, at_once(content)),
                await post(app, found(), at_once(content)),
                await post(app, found(), as_form(content), FORM),
            ]
            leave.set()
            answers = await asyncio.gather(*forms)
        assert mostly == FORMS_PER_TEAM
        return [*others, *answers]

    async def as_form(content: dict[str, Any]) -> Body:
        yield opening("a", content=content) + file(1) + END

    assert codes(asyncio.run(run())) == [(201, None)] * 7
