"""Answers that need not be sent again: an ETag for what a client was given, and 304 while that has not changed."""

from starlette.requests import Request
from starlette.responses import Response

from shared.digests import digest_of


def tag(*parts: object) -> str:
    """The ETag of an answer that depends on `parts` and on nothing else; weak, for it may be packed on its way."""
    return f'W/"{digest_of(repr(parts).encode())[:32]}"'


def is_unchanged(request: Request, etag: str) -> bool:
    """Whether the client has what `etag` stands for."""
    given = [one.strip() for one in request.headers.get("if-none-match", "").split(",")]
    return "*" in given or any(_opaque(one) == _opaque(etag) for one in given)


def not_modified(etag: str) -> Response:
    """304: what you have still stands."""
    return Response(status_code=304, headers=validated(etag))


def validated(etag: str) -> dict[str, str]:
    """The headers of an answer that may be kept, and is asked about each time."""
    return {"ETag": etag, "Cache-Control": "no-cache"}


def _opaque(etag: str) -> str:
    return etag.removeprefix("W/")
