"""Time as an argument: services take a `Clock` and never ask the system themselves."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

Clock = Callable[[], datetime]

SECOND = timedelta(seconds=1)


def utc_now() -> datetime:
    """The present moment, aware and in UTC: the one real clock, handed out where clients are built."""
    return datetime.now(UTC)


def seconds_until(moment: datetime, now: datetime) -> int:
    """Whole seconds from `now` to `moment`, rounded up, at least 1: who waits so long never comes too early."""
    return max(1, -((now - moment) // SECOND))
