"""Slows down whoever tries keys: each address may fail so often, then is told to wait. Only failures are looked at.

The same holds back a team that registers endpoints by the dozen, each of which asks a name server, or posts manifests.

Kept in the memory of one process: a restart forgives, several processes count apart. That is enough, since a key has 256
random bits: what is guarded is our time and logs, not the keys.
"""

import math
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from uuid import UUID

from shared.errors import TooMany, Waiting

BURST = 30
"""Bad tries in a row before the first wait: a pipeline with a wrong key fails its jobs, and is not yet locked out."""

REFILL_SECONDS = 2.0
"""One more try is granted after each: 30 a minute."""

MOST_NAMES = 10_000
"""Names remembered, some 2 MB; the one that failed longest ago is forgotten first."""


@dataclass(frozen=True, slots=True)
class _Bucket:
    tries: float
    at: float


class Tries:
    """A bucket of tries per name, refilled slowly. Not locked: each call touches one entry only."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._now = monotonic
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    def check(self, name: str) -> None:
        """Raise `TooMany` while `name` has no try left."""
        bucket = self._refilled(name)
        if bucket.tries < 1:
            wait = max(1, math.ceil((1 - bucket.tries) * REFILL_SECONDS))
            raise self.refusal(Waiting(wait, places=BURST, window_seconds=int(BURST * REFILL_SECONDS)))

    def refusal(self, waiting: Waiting) -> TooMany:
        """What is said to whoever has none left."""
        raise NotImplementedError

    def spend(self, name: str) -> None:
        """`name` has failed once more."""
        bucket = self._refilled(name)
        self._buckets[name] = replace(bucket, tries=max(0.0, bucket.tries - 1))
        self._buckets.move_to_end(name)
        while len(self._buckets) > MOST_NAMES:
            self._buckets.popitem(last=False)

    def _refilled(self, name: str) -> _Bucket:
        now = self._now()
        bucket = self._buckets.get(name, _Bucket(BURST, now))
        return _Bucket(min(BURST, bucket.tries + (now - bucket.at) / REFILL_SECONDS), now)


class BadTries(Tries):
    """Keys that did not count, by where they came from."""

    def refusal(self, waiting: Waiting) -> TooMany:
        """Says nothing of the key."""
        return TooMany(
            "too-many-bad-keys",
            "too many requests came from your address with keys that do not count",
            "check the key; a good one is served again after the wait",
            waiting,
        )


class TeamTries(Tries):
    """What teams do, each once in a while."""

    def take(self, team: UUID) -> None:
        """One more; raises `TooMany` when there were too many."""
        self.check(str(team))
        self.spend(str(team))


class Postings(TeamTries):
    """Manifests that were posted, by team."""

    def refusal(self, waiting: Waiting) -> TooMany:
        """Says how many there may be."""
        return TooMany(
            "too-many-manifests",
            f"your team posted {BURST} manifests within a minute",
            "put more models into one manifest; follow a batch by its events, or GET it",
            waiting,
        )


class Registrations(TeamTries):
    """Addresses that were registered or changed, by team."""

    def refusal(self, waiting: Waiting) -> TooMany:
        """Says how many there may be."""
        return TooMany(
            "too-many-registrations",
            f"your team registered or changed {BURST} endpoints within a minute",
            "wait a moment, then go on",
            waiting,
        )
