"""What a check says: how it is, what it saw, and how to mend it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from services.gateway.doctor.patient import Patient

State = Literal["ok", "skipped", "warning", "trouble"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. `mend` is empty where there is nothing to mend."""

    check: str
    state: State
    saw: str
    mend: str = ""


Check = Callable[[Patient], list[Finding]]


def ok(check: str, saw: str) -> Finding:
    """All is well."""
    return Finding(check, "ok", saw)


def skipped(check: str, saw: str, mend: str = "") -> Finding:
    """It could not be looked at from here, which is no fault."""
    return Finding(check, "skipped", saw, mend)


def warning(check: str, saw: str, mend: str) -> Finding:
    """It works, and may not for long, or not as it should."""
    return Finding(check, "warning", saw, mend)


def trouble(check: str, saw: str, mend: str) -> Finding:
    """It does not work."""
    return Finding(check, "trouble", saw, mend)
