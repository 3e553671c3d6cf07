"""Teams whose held-out file was scored, and fails under a new version: they send the bytes again, which costs nothing.

They are there so that this happens for certain; the teams of the load do it by chance.
"""

import random
from collections.abc import Iterable
from dataclasses import replace
from uuid import uuid4

from tests.faults.client import Client
from tests.faults.history import History
from tests.faults.overdue import LONGEST_SECONDS, until
from tests.faults.parcel import BATCH, Parcel, parcel
from tests.faults.venue import REVISED, TEST, good_file

TEAM = "keeper"
"""How the names of all of them begin."""

LOOK_SECONDS = 5.0

AGAIN = ("file", "gzip", BATCH)
"""The forms in which one sends its bytes again, each under a key of its own."""


class Keeper:
    """One team after the other, each with nothing else to do: of a team that has one file, that file's turn comes soon."""

    def __init__(self, clients: Iterable[Client], history: History, draw: random.Random) -> None:
        self._clients = iter(clients)
        self._client: Client | None = None
        self._history = history
        self._draw = draw
        self._sent: list[tuple[Parcel, str]] = []

    def take_a_place(self) -> None:
        """Let the next team send a new file to the test split, and wait until it is scored."""
        self._client, self._sent = next(self._clients), []
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
        assert self._client is not None, "one has taken a place"
        asked = self._client.submit(one)
        self._history.add(asked)
        if asked.submission is not None:
            self._sent.append((one, asked.submission))

    def _until(self, state: str) -> None:
        sentence = f"what the keeper had sent to the revised challenge was never {state}"
        until(lambda: self._are(state, LOOK_SECONDS), LONGEST_SECONDS, sentence)

    def _are(self, state: str, wait_seconds: float) -> bool:
        client, found = self._client, {submission for _, submission in self._sent}
        return client is not None and all(client.state(submission, wait_seconds) == state for submission in found)
