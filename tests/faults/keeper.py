"""A team whose held-out file was scored, and fails under a new version: it sends the bytes again, which costs nothing.

It is there so that this happens for certain; the teams of the load do it by chance.
"""

import random
from dataclasses import replace
from uuid import uuid4

from tests.faults.client import Client
from tests.faults.history import History
from tests.faults.overdue import LONGEST_SECONDS, until
from tests.faults.parcel import BATCH, Parcel, parcel
from tests.faults.venue import REVISED, TEST, good_file

TEAM = "keeper"

LOOK_SECONDS = 5.0

AGAIN = ("file", "gzip", BATCH)
"""The forms in which it sends its bytes again, each under a key of its own."""


class Keeper:
    """A team of its own, with nothing else to do."""

    def __init__(self, client: Client, history: History, draw: random.Random) -> None:
        self._client = client
        self._history = history
        self._draw = draw
        self._sent: list[tuple[Parcel, str]] = []

    def take_a_place(self) -> None:
        """Send a new file to the test split, and wait until it is scored."""
        self._sent = []
        self.send_another()
        self._until("scored")

    def send_another(self) -> None:
        """Send one more new file there."""
        self._submit(parcel(good_file(self._draw, "classification"), TEST, "file", REVISED))

    def insist(self) -> None:
        """Wait until all that was sent has failed, and send it again."""
        self._until("failed")
        for one, _ in list(self._sent):
            for form in AGAIN:
                self._submit(replace(one, form=form, key=uuid4().hex))

    def is_scored(self) -> bool:
        """Whether all of it is."""
        return self._are("scored", 0)

    def _submit(self, one: Parcel) -> None:
        asked = self._client.submit(one)
        self._history.add(asked)
        if asked.submission is not None:
            self._sent.append((one, asked.submission))

    def _until(self, state: str) -> None:
        sentence = f"what the keeper had sent to the revised challenge was never {state}"
        until(lambda: self._are(state, LOOK_SECONDS), LONGEST_SECONDS, sentence)

    def _are(self, state: str, wait_seconds: float) -> bool:
        found = {submission for _, submission in self._sent}
        return all(self._client.state(submission, wait_seconds) == state for submission in found)
