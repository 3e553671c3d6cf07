"""What is deprecated says so: in the document, and in every answer to those who use it, until it goes."""

import asyncio
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime
from typing import Annotated

import httpx
import pytest
from fastapi import Depends, FastAPI, Query

from shared.deprecation import Deprecation
from shared.errors import Missing
from shared.web import Readiness, equip

LEAVING = Deprecation(date(2026, 2, 1), date(2027, 2, 1), "https://holdout.example/docs#old")
FIELDS = {
    "deprecation": "@1769904000",
    "sunset": "Mon, 01 Feb 2027 00:00:00 GMT",
    "link": '<https://holdout.example/docs#old>; rel="deprecation"; type="text/html"',
}


@pytest.fixture(scope="module")
def app() -> FastAPI:
    made = FastAPI()
    equip(made, Readiness({}))

    @made.get("/old", **LEAVING.of_route())
    def old(found: bool = True) -> str:
        if not found:
            raise Missing("no-such-thing", "there is no such thing")
        return "old"

    @made.get("/boards", dependencies=[Depends(LEAVING.of_parameter("by"))])
    def boards(by: Annotated[str, Query(deprecated=True)] = "") -> str:
        return by

    return made


def fields(app: FastAPI, path: str) -> dict[str, str]:
    """Those of an answer that speak of farewell."""

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://service") as client:
            return await client.get(path)

    return {name: value for name, value in asyncio.run(ask()).headers.items() if name in FIELDS}


@pytest.mark.parametrize("path", ["/old", "/old?found=false", "/old?found=perhaps", "/boards?by=name"])
def test_who_uses_something_deprecated_is_told_since_when_until_when_and_what_instead(app: FastAPI, path: str) -> None:
    assert fields(app, path) == FIELDS


@pytest.mark.parametrize("path", ["/boards", "/healthz", "/nowhere"])
def test_who_does_not_is_told_nothing(app: FastAPI, path: str) -> None:
    assert not fields(app, path)


def test_the_document_says_what_is_deprecated(app: FastAPI) -> None:
    paths = app.openapi()["paths"]
    assert paths["/old"]["get"]["deprecated"] is True
    assert paths["/boards"]["get"]["parameters"][0]["deprecated"] is True
    assert "deprecated" not in paths["/healthz"]["get"]


def test_the_fields_are_moments_as_their_standards_write_them() -> None:
    told = LEAVING.headers()
    assert datetime.fromtimestamp(int(told["Deprecation"].removeprefix("@")), UTC) == datetime(2026, 2, 1, tzinfo=UTC)
    assert parsedate_to_datetime(told["Sunset"]) == datetime(2027, 2, 1, tzinfo=UTC)


def test_nothing_goes_within_a_year() -> None:
    with pytest.raises(ValueError, match="a year later"):
        Deprecation(date(2026, 2, 1), date(2027, 1, 31), "https://holdout.example")
