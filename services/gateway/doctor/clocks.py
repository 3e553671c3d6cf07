"""Clocks: ours against those of PostgreSQL, S3 and quota. Signatures are good for minutes, deadlines for less."""

from collections.abc import Callable
from datetime import datetime

import httpx
from sqlalchemy import text

from services.gateway.doctor.findings import Finding, ok, trouble, warning
from services.gateway.doctor.patient import Patient, Untold
from shared import keys
from shared.errors import HoldoutError

NAME = "clocks"
LATE_SECONDS, WRONG_SECONDS = 2.0, 30.0
"""A Date header has whole seconds, so less than two says nothing."""


def check_clocks(patient: Patient) -> list[Finding]:
    """Each that answers; whoever does not is found by the checks of the connections."""
    clocks: dict[str, Callable[[Patient], datetime]] = {"PostgreSQL": _database, "S3": _storage, "quota": _ledger}
    found = [finding for name, ask in clocks.items() if (finding := _compared(patient, name, ask))]
    if not found:
        raise Untold("no server could be asked: the settings of all of them are")
    return found


def _compared(patient: Patient, name: str, ask: Callable[[Patient], datetime]) -> Finding | None:
    try:
        before = patient.clock()
        theirs = ask(patient)
        after = patient.clock()
    except (Untold, HoldoutError, httpx.HTTPError, KeyError):
        return None
    # Theirs was read at some moment in between, however long that took: only what is outside is skew.
    ahead, behind = (before - theirs).total_seconds(), (theirs - after).total_seconds()
    skew, which = max((ahead, "ahead of"), (behind, "behind"))
    if skew <= LATE_SECONDS:
        return ok(NAME, f"ours and that of {name} agree within {LATE_SECONDS:g} s")
    saw = f"ours is {skew:.0f} s {which} that of {name}"
    mend = "let both machines keep time by NTP (chrony, systemd-timesyncd)"
    return (trouble if skew > WRONG_SECONDS else warning)(NAME, saw, mend)


def _database(patient: Patient) -> datetime:
    with patient.database() as database, database.begin() as session:
        moment: datetime = session.execute(text("SELECT clock_timestamp()")).scalar_one()
        return moment


def _storage(patient: Patient) -> datetime:
    with patient.storage() as storage:
        return storage.time(keys.SUBMISSIONS)


def _ledger(patient: Patient) -> datetime:
    with patient.ledger() as ledger:
        return ledger.time()
