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
"""A number and the row's id: its moment in microseconds since 1970, of which 17 digits last until the year 5138.

On a board, the number of entries up to it.
"""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

PageCursor = Annotated[
    str | None, Query(description="`next` of the page before", json_schema_extra={"pattern": f"^{FORM}$"})
]
PageLimit = Annotated[int, Query(ge=1, le=100, description="how many in a page")]
"""The parameters of a route that gives pages."""


def write_cursor(place: Cursor) -> str:
    """`place` as text for a query."""
    return write_pair((place.created_at - EPOCH) // timedelta(microseconds=1), place.id)


def read_cursor(text: str | None) -> Cursor | None:
    """What `write_cursor` wrote; raises `Refused` for anything else."""
    pair = read_pair(text)
    return Cursor(EPOCH + timedelta(microseconds=pair[0]), pair[1]) if pair else None


def write_pair(number: int, row: UUID) -> str:
    """A cursor that holds `number`."""
    return f"{number}.{row.hex}"


def read_pair(text: str | None) -> tuple[int, UUID] | None:
    """What `write_pair` wrote; raises `Refused` for anything else."""
    if text is None:
        return None
    if not re.fullmatch(FORM, text):
        raise Refused("cursor-invalid", "this is not a cursor of ours", "start again without `cursor`")
    number, row = text.split(".")
    return int(number), UUID(row)
