"""The backup of a one-machine stack: how old its newest point is, for nobody else looks at it every day."""

from datetime import timedelta
from pathlib import Path

from pydantic import AwareDatetime, ValidationError

from services.gateway.doctor.findings import Finding, ok, skipped, trouble, warning
from services.gateway.doctor.patient import Patient
from services.gateway.spans import spoken
from shared.model import Model

NAME = "backup"
LONG = timedelta(minutes=5)
"""There is a point every 30 s."""

MEND = "logs/backup.log says why; look at the room on its disk, and whether the stack's program `backup` runs"


class Newest(Model, extra="ignore"):
    """What a point's manifest says of it, as far as it is looked at here."""

    at: AwareDatetime
    lacking: int = 0


def check_backup(patient: Patient) -> list[Finding]:
    """The newest point, where a backup is kept."""
    if patient.backup is None:
        return [skipped(NAME, "no backup is kept by this stack, or none that is known here")]
    try:
        newest = _newest(patient.backup)
    except (OSError, ValidationError) as error:
        return [trouble(NAME, f"the points in {patient.backup} cannot be read: {error}", MEND)]
    if newest is None:
        return [warning(NAME, f"there is no point in {patient.backup} yet", MEND)]
    age = patient.clock() - newest.at
    saw = f"the newest point is {spoken(age)} old"
    found = [(ok(NAME, saw) if age <= LONG else warning(NAME, saw, MEND))]
    if newest.lacking:
        lacks = f"the newest point lacks {newest.lacking} objects that S3 lists and does not give"
        found.append(warning(NAME, lacks, "logs/backup.log names them; look at S3's disk and log"))
    return found


def _newest(backup: Path) -> Newest | None:
    # Their names sort by time. The folder is looked at itself: a pattern finds nothing in one that is gone.
    paths = sorted(path for path in (backup / "points").iterdir() if path.suffix == ".json")
    return Newest.model_validate_json(paths[-1].read_bytes()) if paths else None
