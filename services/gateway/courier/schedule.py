"""How long a deed that failed waits for its next attempt. Pure."""

from collections.abc import Sequence

JITTER = 0.1
"""Up to a tenth is added, so that deeds postponed together do not come back together; nothing comes earlier than planned."""


def wait_seconds(schedule: Sequence[float], attempts: int, at_least_seconds: float, luck: float) -> float:
    """The wait after attempt number `attempts`, from 1; beyond the schedule the last wait repeats.

    `at_least_seconds` is what the other side asked for, `luck` is from 0 to 1.
    """
    planned = schedule[min(attempts, len(schedule)) - 1]
    return max(planned, at_least_seconds) * (1 + JITTER * luck)
