"""Where a page of a list ended, as clients carry it: opaque text that names a row, so that new rows shift no page."""

import base64
import binascii
from datetime import datetime
from uuid import UUID

from services.gateway.store.submissions import Cursor
from shared.errors import Refused


def write_cursor(place: Cursor) -> str:
    """`place` as text for a query."""
    return base64.urlsafe_b64encode(f"{place.created_at.isoformat()}|{place.id}".encode()).decode()


def read_cursor(text: str | None) -> Cursor | None:
    """What `write_cursor` wrote; raises `Refused` for anything else."""
    if text is None:
        return None
    try:
        moment, row = base64.urlsafe_b64decode(text.encode()).decode().split("|")
        return Cursor(datetime.fromisoformat(moment), UUID(row))
    except (ValueError, binascii.Error) as error:
        raise Refused("cursor-invalid", "this is not a cursor of ours", "start again without `cursor`") from error
