"""A webhook endpoint's secrets while one is changed over: the old one goes on signing for a day beside the new. Pure.

`secrets` are the current one and then the old ones, newest first; `ends` says until when each of the old ones signs.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

OVERLAP = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Secrets:
    """The secrets that sign at some moment; `ends` is one shorter than `keys`."""

    keys: list[str]
    ends: list[datetime]


def signing(secrets: Sequence[str], ends: Sequence[datetime], now: datetime) -> Secrets:
    """Those that sign at `now`: the current one, and the old ones whose time is not over."""
    old = [(key, end) for key, end in zip(secrets[1:], ends, strict=False) if now < end]
    return Secrets([secrets[0], *(key for key, _ in old)], [end for _, end in old])


def rotated(before: Secrets, fresh: str, now: datetime) -> Secrets:
    """`fresh` becomes the current one; the one before it ends after `OVERLAP`."""
    return Secrets([fresh, *before.keys], [now + OVERLAP, *before.ends])
