"""Migrations: whether the database has the tables of this version."""

from services.gateway.doctor.findings import Finding, ok, trouble, warning
from services.gateway.doctor.patient import Patient
from services.gateway.migrations import FOLDER
from shared.migrations import known, version_of

NAME = "migrations"


def check_migrations(patient: Patient) -> list[Finding]:
    """The gateway's own database; that quota's tables are there is seen by asking quota."""
    versions = known(FOLDER)
    with patient.database() as database:
        present = version_of(database)
    if present == versions[-1]:
        return [ok(NAME, f"the database is at {present}, the newest")]
    if present is None:
        return [trouble(NAME, "the database has no tables", "python -m services.gateway migrate")]
    if present in versions:
        behind = len(versions) - 1 - versions.index(present)
        saw = f"the database is at {present}, {behind} behind {versions[-1]}"
        return [trouble(NAME, saw, "python -m services.gateway migrate")]
    saw = f"the database is at {present}, which this version does not know: a newer one was here"
    return [warning(NAME, saw, "bring this program to the version that made it")]
