"""The note of the last rehearsal, beside the backup that it was of: `last-rehearsal.json`."""

from datetime import datetime
from pathlib import Path

from deploy.stack.files import write_private
from shared.model import Model


class Rehearsal(Model):
    """When it was, how long the way back took until everything was ready, of how many submissions, how old the newest
    point was at the worst, and whether everything was as before.
    """

    at: datetime
    seconds: float
    submissions: int
    rpo_seconds: float
    identical: bool


def note_rehearsal(backup: Path, rehearsal: Rehearsal) -> None:
    """Replace the note."""
    write_private(backup / "last-rehearsal.json", rehearsal.model_dump_json(indent=2))
