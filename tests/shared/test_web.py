"""What every answer of a service has, errors that nobody foresaw included; and what the OpenAPI document says of them."""

import asyncio

import httpx
import pytest
from fastapi import APIRouter, FastAPI, Request
from starlette.types import Message

from shared.web import Readiness, equip, read_body


@pytest.fixture
def app() -> FastAPI:
    made = FastAPI()
    equip(made, Readiness({"always": lambda: True}))

    @made.get("/breaks/{number}")
    async def breaks(number: int) -> float:
        return 1 / number

    router = APIRouter()

    @router.post("/breaks/{number}")
    async def breaks_anew(number: int) -> float:
        return 1 / number

    made.include_router(router)
    return made


def answer(app: FastAPI, path: str, request_id: str = "", method: str = "GET") -> httpx.Response:
    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://service") as client:
            return await client.request(method, path, headers={"X-Request-Id": request_id})

    return asyncio.run(ask())


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/breaks/0", 500, "internal"),
        ("/breaks/x", 422, "request-invalid"),
        ("/nowhere", 404, "not-found"),
    ],
)
def test_every_error_is_a_problem_that_names_its_request(app: FastAPI, path: str, status: int, code: str) -> None:
    got = answer(app, path, "mine-1")
    assert got.status_code == status
    assert got.headers["content-type"] == "application/problem+json"
    assert got.headers["x-request-id"] == got.json()["request_id"] == "mine-1"
    assert got.json()["code"] == code


def test_a_method_that_an_address_does_not_take_is_told_all_that_it_takes(app: FastAPI) -> None:
    refused = answer(app, "/breaks/1", method="PUT")
    assert (refused.status_code, refused.json()["code"]) == (405, "method-not-allowed")
    assert refused.headers["allow"] == "GET, HEAD, POST"


def test_every_problem_names_whom_to_ask_where_there_is_somebody(app: FastAPI) -> None:
    helped = FastAPI()
    equip(helped, Readiness({}), "help@holdout.example")
    assert answer(helped, "/nowhere").json()["support"] == "help@holdout.example"
    assert "support" not in answer(app, "/nowhere").json()


def test_an_unknown_error_tells_nothing_of_its_cause(app: FastAPI) -> None:
    assert "division" not in answer(app, "/breaks/0").text


@pytest.mark.parametrize("insane", ["", "a b", "x" * 65])
def test_a_request_without_a_sane_id_is_given_one(app: FastAPI, insane: str) -> None:
    assert len(answer(app, "/healthz", insane).headers["x-request-id"]) == 16


def test_the_document_describes_errors_as_they_are_given(app: FastAPI) -> None:
    document = app.openapi()
    answers = document["paths"]["/breaks/{number}"]["get"]["responses"]
    for status in ("422", "default"):
        assert answers[status]["content"].keys() == {"application/problem+json"}
    assert {"Problem", "FaultLine"} <= document["components"]["schemas"].keys()
    assert "HTTPValidationError" not in document["components"]["schemas"]
    assert "503" in document["paths"]["/readyz"]["get"]["responses"]


def test_a_caller_who_goes_in_the_middle_of_a_body_is_no_fault_of_ours(
    app: FastAPI, caplog: pytest.LogCaptureFixture
) -> None:
    @app.put("/body")
    async def take(request: Request) -> int:
        return len(await read_body(request))

    came: list[Message] = [
        {"type": "http.request", "body": b"half", "more_body": True},
        {"type": "http.disconnect"},
    ]

    async def receive() -> Message:
        return came.pop(0)

    async def send(_: Message) -> None:
        """Nobody is there."""

    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": "PUT",
        "path": "/body",
        "raw_path": b"/body",
        "query_string": b"",
        "headers": [],
        "root_path": "",
        "scheme": "http",
    }
    asyncio.run(app(scope, receive, send))
    assert not came
    assert not [record for record in caplog.records if record.levelname == "ERROR"]
