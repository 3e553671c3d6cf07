"""How long an endpoint may fail before its owner is warned, and before it is disabled. Pure; asked after each attempt."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

FEWEST_FAILURES = 5
"""Below this nothing is concluded: a team with an event a week is not cut off for two bad moments."""

Verdict = Literal["bear", "warn", "disable"]


@dataclass(frozen=True, slots=True)
class Patience:
    """What an operator has set. The schedule of one event alone brings 14 attempts within the five days."""

    warn_after: timedelta = timedelta(days=1)
    disable_after: timedelta = timedelta(days=5)

    def verdict(self, failing_for: timedelta, failures: int) -> Verdict:
        """What to do about an endpoint whose last `failures` attempts, over `failing_for`, all failed."""
        if failures < FEWEST_FAILURES:
            return "bear"
        if failing_for >= self.disable_after:
            return "disable"
        return "warn" if failing_for >= self.warn_after else "bear"
