"""Publishes versions of the revised challenge, loses their truths, and has evaluated again what failed for that."""

import contextlib
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime
from pathlib import Path

from deploy.stack.addresses import Addresses
from services.gateway.actions import evaluate
from services.gateway.desk import Desk
from services.gateway.publish import publish, published_version
from services.gateway.store import submissions
from shared import keys
from shared.clock import Clock, utc_now
from shared.digests import digest_of
from shared.errors import Conflict, Unavailable
from shared.storage import Storage
from tests.faults.overdue import LONGEST_SECONDS, Overdue
from tests.faults.venue import REVISED, write

PAUSE_SECONDS = 0.5
MOST_FAILED = 10_000


class Died(Exception):
    """Whoever published is no more."""


class Organiser:
    """Looks straight into the stores, past all lines, as whoever publishes beside them does. One publication at a time."""

    def __init__(self, desk: Desk, addresses: Addresses, folder: Path) -> None:
        self.lost: set[int] = set()
        """The versions whose truth was out of reach for a while: under them an evaluation may fail."""
        self._desk = desk
        self._publisher = Storage(addresses.storage_address("publish"))
        self._admin = Storage(addresses.storage_address("admin"))
        self._folder = folder
        self._version = 0
        self._truth = b""
        self._thread = ThreadPoolExecutor(1)
        self._publishing: Future[None] | None = None

    def close(self) -> None:
        """Let the connections go."""
        self._thread.shutdown()
        self._publisher.close()
        self._admin.close()

    def begin_publishing(self, *, dies: bool = False) -> None:
        """Publish the next version, while other things happen. If it `dies`, it does as soon as the version is there."""
        assert self._publishing is None, "one is under way"
        self._version += 1
        self._publishing = self._thread.submit(self._publish, _dying if dies else lambda: utc_now)

    def finish_publishing(self) -> None:
        """Wait for what was begun; raises `Overdue` when it does not come about."""
        publishing, self._publishing = self._publishing, None
        if publishing is not None:
            publishing.result()

    def publish_without_truth(self) -> None:
        """Publish the next version with a truth of other bytes, and take these away: nobody may fetch them before."""
        self.lost.add(self._version + 1)
        self.begin_publishing()
        self.finish_publishing()
        self._admin.delete(keys.GROUND_TRUTH, self._truth_key)

    def bring_truth_back(self) -> None:
        """Put the newest truth where it was."""
        self._admin.put(keys.GROUND_TRUTH, self._truth_key, self._truth)

    def evaluate_again(self) -> int:
        """Have everything evaluated again that has failed under a version without its truth; returns how much."""
        again = 0
        with self._desk.database.begin() as session:
            failed = submissions.failed(session, MOST_FAILED)
        for judged in failed:
            if judged.submission.challenge == REVISED and judged.evaluation and judged.evaluation.version in self.lost:
                # A sweep may have been quicker: it has it evaluated under a newer version.
                with contextlib.suppress(Conflict):
                    evaluate.evaluate_again(self._desk, judged.submission.id)
                    again += 1
        return again

    @property
    def _truth_key(self) -> str:
        return keys.truth_key(digest_of(self._truth))

    def _publish(self, clock: Callable[[], Clock]) -> None:
        """Until the version is there. What whoever dies leaves then is the sweep's: nobody says it a second time."""
        truths = write(self._folder, REVISED, self._version, len(self.lost))
        self._truth = (self._folder / "classification.txt").read_bytes()
        deadline = time.monotonic() + LONGEST_SECONDS
        while not self._try(truths, clock()):
            if time.monotonic() > deadline:
                raise Overdue(f"version {self._version} could not be published")
            time.sleep(PAUSE_SECONDS)

    def _try(self, truths: list[str], clock: Clock) -> bool:
        with contextlib.suppress(Unavailable, Died):
            # Its truth needs no check: every score of the run is held against what it must be.
            publish(self._desk.database, self._publisher, clock, self._folder, truths, check=False)
        try:
            return published_version(self._desk.database, self._folder) is not None
        except Unavailable:
            return False


def _dying() -> Clock:
    """A clock at whose second look, which is after the version's transaction, its owner dies."""
    times = iter([utc_now])

    def look() -> datetime:
        for clock in times:
            return clock()
        raise Died

    return look
