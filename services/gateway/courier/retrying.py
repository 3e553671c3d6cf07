"""When an answer asks to be tried again: `Retry-After`, in seconds or as a date (RFC 9110, 10.2.3). Pure."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

LONGEST_WAIT_SECONDS = 24 * 3600
"""An endpoint may slow us down, not put an event off for ever."""


def retry_after_seconds(value: bytes, now: datetime) -> float:
    """How long to wait, from 0 to a day; 0 for what is neither seconds nor a date."""
    if value.isdigit():
        return min(float(value), LONGEST_WAIT_SECONDS)
    try:
        until = parsedate_to_datetime(value.decode("ascii"))
    except (ValueError, OverflowError):
        return 0.0
    # A date without a zone, or with `-0000`, is in UTC.
    aware = until if until.tzinfo else until.replace(tzinfo=UTC)
    return min(max(0.0, (aware - now).total_seconds()), LONGEST_WAIT_SECONDS)
