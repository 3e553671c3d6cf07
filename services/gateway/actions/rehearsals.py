"""Rehearsals of a restore: what one wrote of itself → the table that `/status` tells of; once, however often said."""

from pathlib import Path
from uuid import UUID, uuid5

from pydantic import AwareDatetime, Field, ValidationError

from services.gateway.desk import Desk
from services.gateway.store import rehearsals
from services.gateway.tables import RehearsalRow
from shared.errors import Unreadable
from shared.model import Model

NAMESPACE = UUID("6d0b1c1e-6a3e-4d0e-9f0a-5b8f6a0d8a11")
"""A rehearsal's id follows from when it was, so that the same one is recorded once."""


class Rehearsal(Model):
    """What a rehearsal found. `rpo_seconds`: how much of the newest work the backup did not have."""

    at: AwareDatetime
    seconds: float = Field(ge=0)
    submissions: int = Field(ge=0)
    rpo_seconds: float = Field(ge=0)
    identical: bool


def remember(desk: Desk, file: Path) -> tuple[RehearsalRow, bool]:
    """Record the rehearsal in `file`; whether it was not known yet. Raises `Unreadable` when it is none."""
    try:
        found = Rehearsal.model_validate_json(file.read_bytes())
    except OSError as error:
        raise Unreadable("rehearsal-unreadable", f"{file} cannot be read: {error.strerror}", _REMEDY) from None
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, e['loc'])) or 'the file'}: {e['msg']}" for e in error.errors())
        raise Unreadable("rehearsal-unreadable", f"{file} is no rehearsal: {faults}", _REMEDY) from None
    row = RehearsalRow(id=uuid5(NAMESPACE, found.at.isoformat()), **dict(found))
    with desk.database.begin() as session:
        return row, rehearsals.add(session, row)


_REMEDY = "give it the file that the rehearsal of a restore has written"
