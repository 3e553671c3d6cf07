"""`/docs`: the OpenAPI document to read and to try out. Swagger UI comes from our own address; nothing else is fetched."""

from pathlib import Path

import fastapi_offline
from fastapi import APIRouter, Request
from fastapi.staticfiles import StaticFiles
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import Response

from services.gateway.pages.rendering import page

router = APIRouter(include_in_schema=False)

# Swagger UI's style sheet carries its icons as data: addresses; its program sets styles by script, which needs no leave.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


@router.get("/docs")
def documentation(request: Request) -> Response:
    """Swagger UI over /openapi.json."""
    return page(request, "docs.html", {}, POLICY)


def assets() -> GZipMiddleware:
    """Swagger UI's files, 1.7 MB before gzip. They are the wheel's; of its Python nothing is used."""
    return GZipMiddleware(StaticFiles(directory=Path(fastapi_offline.__file__).parent / "static"))
