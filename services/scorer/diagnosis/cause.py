"""One cause, as it is said."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Cause:
    """Why a file is as it is, and what to do about it. `code` is stable and on the task's page."""

    code: str
    sentence: str
    remedy: str
