"""A patient that is well, and others that have one setting changed."""

from collections.abc import Callable

import pytest

from deploy.stack.addresses import Addresses
from deploy.stack.environment import known
from services.gateway.doctor.findings import Check
from services.gateway.doctor.patient import Patient
from services.gateway.doctor.told import Told

Made = Callable[..., Patient]


@pytest.fixture
def patient(servers: Addresses, gateway_url: str) -> Made:
    """Make a patient: all settings as the stack has them, but those that are named; None leaves one out."""

    def make(**changes: str | None) -> Patient:
        values = known("doctor", servers) | {f"HOLDOUT_{name}": value for name, value in changes.items()}
        return Patient(Told({name: value for name, value in values.items() if value is not None}))

    return make


def told(check: Check, patient: Patient) -> tuple[str, str]:
    """The worst that a check says: its state, and all that it saw and advises."""
    found = check(patient)
    order = ("ok", "skipped", "warning", "trouble")
    worst = max(found, key=lambda finding: order.index(finding.state)).state
    assert all(finding.mend for finding in found if finding.state in ("warning", "trouble")), "how is it mended?"
    return worst, "\n".join(f"{finding.saw} → {finding.mend}" for finding in found if finding.state == worst)
