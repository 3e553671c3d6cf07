"""FastAPI as we use it: problem+json from one handler, a request id on everything, and health."""

import contextvars
import functools
import logging
import re
import secrets
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any, TypeVar

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field, RootModel, ValidationError
from pydantic.json_schema import models_json_schema
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Match, Mount
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.bodiless import Bodiless
from shared.challenge import WEEK_SECONDS
from shared.deprecation import Announcing
from shared.errors import Broken, Busy, HoldoutError, TooLarge, TooMany, Unavailable, Unreadable
from shared.openapi import PLACE, name_bodies, open_answers
from shared.problems import problem_content
from shared.report import FaultLine

log = logging.getLogger(__name__)

request_id: contextvars.ContextVar[str] = contextvars.ContextVar("request_id", default="-")

BODY_BYTES = 64 * 1024
"""The most an ordinary JSON body may have; uploads have their own limits."""

ModelT = TypeVar("ModelT", bound=BaseModel)


class Liveness(BaseModel):
    """The process answers."""

    status: str = Field(examples=["alive"])


class ReadinessChecks(RootModel[dict[str, bool]]):
    """Each check by its name, and whether we are serving."""


class Problem(BaseModel):
    """RFC 9457: what went wrong, for machines (`code`) and people (`detail`, `remedy`)."""

    type: str = Field(examples=["urn:holdout:problem:no-places-left"])
    title: str = Field(examples=["Too Many Requests"])
    status: int = Field(examples=[429])
    detail: str = Field(examples=["both places of this week are taken"])
    code: str = Field(examples=["no-places-left"])
    remedy: str | None = Field(None, examples=["submit again after 2026-01-31T12:00:00Z"])
    instance: str = Field(examples=["/v1/submissions"])
    request_id: str = Field(examples=["b1946ac92492d234"])
    support: str | None = Field(None, description="whom to ask for help", examples=["help@holdout.example"])
    errors: list[FaultLine] | None = Field(None, description="the first 20 faults of a file, by line and column")
    error_count: int | None = Field(None, description="how many faults there are in all", examples=[3])
    next_free_at: str | None = Field(None, description="when the next place is free", examples=["2026-01-31T12:00:00Z"])


def problem_response(error: HoldoutError, path: str, support: str = "") -> JSONResponse:
    """`error` as problem+json, with Retry-After and RateLimit fields where they belong, and where to ask for help."""
    problem = problem_content(error) | {"instance": path, "request_id": request_id.get()}
    headers: dict[str, str] = {}
    if support:
        problem["support"] = support
    if isinstance(error, TooMany):
        waiting = error.waiting
        headers["Retry-After"] = str(waiting.retry_after_seconds)
        if waiting.places is not None and waiting.window_seconds is not None:
            headers |= rate_limit(waiting.places, waiting.window_seconds, 0, waiting.retry_after_seconds)
    if isinstance(error, Unavailable | Busy):
        headers["Retry-After"] = str(error.retry_after_seconds)
    if error.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return JSONResponse(problem, error.status, headers, media_type="application/problem+json")


def problems(*kinds: type[HoldoutError]) -> dict[int | str, dict[str, Any]]:
    """The `responses` of a route that may answer with these errors, for the OpenAPI document."""
    return {kind.status: _answers_problem((kind.__doc__ or "").split(";")[0].split("\n")[0]) for kind in kinds}


def _answers_problem(description: str) -> dict[str, Any]:
    schema = {"$ref": f"{PLACE}{Problem.__name__}"}
    return {"description": description, "content": {"application/problem+json": {"schema": schema}}}


def _describe(app: FastAPI, describe: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """The OpenAPI document as we answer: every error is a Problem, also those that FastAPI describes as its own."""
    if app.openapi_schema is not None:
        return app.openapi_schema
    document = describe()
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    for theirs in ("HTTPValidationError", "ValidationError"):
        schemas.pop(theirs, None)
    ours = models_json_schema([(Problem, "validation")], ref_template=PLACE + "{model}")[1]
    schemas.update(ours["$defs"])
    name_bodies(document)
    open_answers(document)
    for operations in document["paths"].values():
        for operation in operations.values():
            answers = operation["responses"]
            if "422" in answers:
                answers["422"] = _answers_problem("A parameter or the body is not valid.")
            if operation.get("security"):
                # Whoever asks for a key slows down those who guess.
                answers.setdefault("429", problems(TooMany)[TooMany.status])
            answers["default"] = _answers_problem("Any other error; 503 when something we stand on is away.")
    return document


async def read_body(request: Request, limit_bytes: int = BODY_BYTES) -> bytes:
    """The whole body; raises `TooLarge` as soon as it is larger than `limit_bytes`."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit_bytes:
            raise TooLarge("body-too-large", f"the body is larger than {limit_bytes} bytes")
    return bytes(body)


async def read_json(request: Request, model: type[ModelT], if_empty: bytes = b"") -> ModelT:
    """The body as `model`, strictly: wrong types, unknown fields and bodies above 64 KiB are refused.

    `if_empty` is read instead of a body without bytes.
    """
    try:
        return model.model_validate_json(await read_body(request) or if_empty)
    except ValidationError as error:
        raise _field_errors(error.errors()) from error


def json_body(model: type[BaseModel], required: bool = True) -> dict[str, Any]:
    """The `openapi_extra` of a route that takes `model` by `read_json`."""
    schema = model.model_json_schema(ref_template=PLACE + "{model}")
    return {"requestBody": {"required": required, "content": {"application/json": {"schema": schema}}}}


def _field_errors(errors: Iterable[Any]) -> Unreadable:
    sentences = [f"{'.'.join(str(part) for part in e['loc'])}: {e['msg']}" for e in errors]
    return Unreadable(
        "request-invalid",
        "; ".join(sentences) or "the request is not valid",
        "mend these fields and send again",
    )


class RequestIds:
    """ASGI middleware: takes a caller's sane X-Request-Id or makes one, and returns it with the answer."""

    SANE = re.compile(r"^[A-Za-z0-9._-]{1,64}$")

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        given = dict(scope["headers"]).get(b"x-request-id", b"").decode("latin-1")
        name = given if self.SANE.match(given) else secrets.token_hex(8)
        # Never reset: a request is a task of its own, and the handler of unknown errors runs after us.
        request_id.set(name)

        async def with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (b"x-request-id", name.encode())]
            await send(message)

        await self.app(scope, receive, with_id)


async def _handle_gone(request: Request, _: Exception) -> Response:
    log.info("%s %s: the caller has gone in the middle of it", request.method, request.url.path)
    # Nobody reads it.
    return Response(status_code=HTTPStatus.BAD_REQUEST)


METHODS = ("DELETE", "GET", "HEAD", "PATCH", "POST", "PUT")


def _methods(request: Request) -> list[str]:
    """What this address can be asked for, by all its routes; the router itself names those of the first only."""
    routes = [route for route in request.app.routes if not isinstance(route, Mount)]
    taken = [method for method in METHODS if any(_takes(route, request.scope, method) for route in routes)]
    # Where no route has it, it is in a mounted folder of files.
    return taken or ["GET", "HEAD"]


def _takes(route: BaseRoute, scope: Scope, method: str) -> bool:
    asked = "GET" if method == "HEAD" else method
    return route.matches({**scope, "method": asked})[0] is Match.FULL


class Readiness:
    """Whether to send us work: not while draining, and not while a check fails.

    `on_drain`: what else is done then, such as answering those who wait for something, so that nobody waits for them.
    """

    def __init__(self, checks: dict[str, Callable[[], bool]], on_drain: Callable[[], None] = lambda: None) -> None:
        self.checks = checks
        self.draining = False
        self._on_drain = on_drain

    def drain(self) -> None:
        """We are to stop: ask us for nothing more."""
        self.draining = True
        self._on_drain()

    def state(self) -> dict[str, bool]:
        """Each check's answer, and whether we are draining."""
        return {name: check() for name, check in self.checks.items()} | {"serving": not self.draining}


def equip(app: FastAPI, readiness: Readiness, support: str = "") -> None:
    """Give `app` the problem handlers, request ids, HEAD, /healthz and /readyz; every problem names `support`."""
    app.state.readiness = readiness

    async def handle_ours(request: Request, error: Exception) -> Response:
        assert isinstance(error, HoldoutError)
        if isinstance(error, Broken):
            log.error("%s %s: %s", request.method, request.url.path, error)
        return problem_response(error, request.url.path, support)

    async def handle_validation(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        return problem_response(_field_errors(error.errors()), request.url.path, support)

    async def handle_http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        code = HTTPStatus(error.status_code).phrase.lower().replace(" ", "-")
        ours = HoldoutError(code, str(error.detail))
        ours.status = error.status_code  # type: ignore[misc]
        answer = problem_response(ours, request.url.path, support)
        answer.headers.update(error.headers or {})
        if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
            answer.headers["Allow"] = ", ".join(_methods(request))
        return answer

    async def handle_unknown(request: Request, error: Exception) -> Response:
        log.error("%s %s failed", request.method, request.url.path, exc_info=error)
        broken = Broken("internal", "something broke on our side; it has been logged")
        answer = problem_response(broken, request.url.path, support)
        answer.headers["X-Request-Id"] = request_id.get()
        return answer

    app.add_exception_handler(HoldoutError, handle_ours)
    app.add_exception_handler(RequestValidationError, handle_validation)
    app.add_exception_handler(HTTPException, handle_http)
    app.add_exception_handler(ClientDisconnect, _handle_gone)
    app.add_exception_handler(Exception, handle_unknown)
    app.add_middleware(Announcing)
    app.add_middleware(Bodiless)
    app.add_middleware(RequestIds)
    # FastAPI's own way to change the document.
    app.openapi = functools.partial(_describe, app, app.openapi)  # type: ignore[method-assign]

    @app.get("/healthz", tags=["health"], operation_id="health", summary="Alive; touches nothing")
    async def health() -> Liveness:
        return Liveness(status="alive")

    @app.get(
        "/readyz",
        tags=["health"],
        operation_id="readiness",
        summary="Ready for work, check by check; else 503",
        response_model=ReadinessChecks,
        responses={503: {"model": ReadinessChecks, "description": "Not ready: a check fails, or it is draining."}},
    )
    def ready() -> JSONResponse:
        state = readiness.state()
        if all(state.values()):
            return JSONResponse(state)
        return JSONResponse(state, 503, {"Retry-After": str(Unavailable.usual_wait_seconds)})


WINDOWS = {WEEK_SECONDS: "weekly", 24 * 3600: "daily", 3600: "hourly"}
"""What the usual windows are called in the RateLimit fields."""


def rate_limit(
    places: int, window_seconds: int, remaining: int, reset_seconds: int | None, name: str = ""
) -> dict[str, str]:
    """The RateLimit fields (draft-ietf-httpapi-ratelimit-headers): the limit, what is left, when the next comes back."""
    name = name or WINDOWS.get(window_seconds, "window")
    state = f'"{name}";r={remaining}' + (f";t={reset_seconds}" if reset_seconds is not None else "")
    return {"RateLimit-Policy": f'"{name}";q={places};w={window_seconds}', "RateLimit": state}
