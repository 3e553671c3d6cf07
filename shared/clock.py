"""Time as an argument: services take a `Clock` and never ask the system themselves."""

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """The present moment, aware and in UTC: the one real clock, handed out by each `app.py`."""
    return datetime.now(UTC)
