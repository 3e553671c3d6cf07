"""Where a page of a list ended, as clients carry it: text that names a row, so that new rows shift no page.

Its form is exact, so that the API's document can describe it: whatever fits the pattern is a cursor.
"""

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated
from uuid import UUID

from fastapi import Query

from services.gateway.store.submissions import Cursor
from shared.errors import Refused

FORM = r"[0-9]{1,17}\.[0-9a-f]{32}"
"""The row's moment in microseconds since 1970, of which 17 digits last until the year 5138, and its id."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

PageCursor = Annotated[
    str | None, Query(description="`next` of the page before", json_schema_extra={"pattern": f"^{FORM}$"})
]
PageLimit = Annotated[int, Query(ge=1, le=100, description="how many in a page")]
"""The parameters of a route that gives pages."""


def write_cursor(place: Cursor) -> str:
    """`place` as text for a query."""
    return f"{(place.created_at - EPOCH) // timedelta(microseconds=1)}.{place.id.hex}"


def read_cursor(text: str | None) -> Cursor | None:
    """What `write_cursor` wrote; raises `Refused` for anything else."""
    if text is None:
        return None
    if not re.fullmatch(FORM, text):
        raise Refused("cursor-invalid", "this is not a cursor of ours", "start again without `cursor`")
    microseconds, row = text.split(".")
    return Cursor(EPOCH + timedelta(microseconds=int(microseconds)), UUID(row))
