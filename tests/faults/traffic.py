"""The steady load: teams that submit all the time, as good clients do, and repeat themselves now and then."""

import logging
import random
import threading
from collections.abc import Sequence
from dataclasses import replace
from uuid import uuid4

from tests.faults.client import Client
from tests.faults.evidence import Ending
from tests.faults.history import History
from tests.faults.pace import Pace
from tests.faults.parcel import FORMS, PARTS, Parcel, parcel
from tests.faults.venue import NAME, REVISED, TEST, VALIDATION, some_file

log = logging.getLogger(__name__)

KEPT = 20
"""Of its latest parcels a team may repeat any."""


REVISED_SHARE = 0.1
"""Of the files, so many go to the challenge that gets new versions: each version has all of these evaluated anew."""

IN_PARTS_EVERY = 6
"""One team in six uploads everything in parts."""


def forms_of(number: int) -> Sequence[str]:
    """How the `number`th team, from 1, sends its files."""
    return FORMS if number % IN_PARTS_EVERY else (PARTS,)


class Sender:
    """One team's thread."""

    def __init__(
        self,
        client: Client,
        history: History,
        draw: random.Random,
        pace: Pace,
        per_second: float,
        forms: Sequence[str],
    ) -> None:
        self._client = client
        self._history = history
        self._draw = draw
        self._pace = pace
        self._forms = forms
        self._pause_seconds = 1 / per_second
        self._sent: list[Parcel] = []
        self._begun = 0
        self._error = ""
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Begin nothing more."""
        self._stopping.set()

    def join(self, timeout_seconds: float) -> Ending:
        """Wait for what was begun, and say how it ended."""
        self._thread.join(timeout_seconds)
        return Ending(self._client.team, not self._thread.is_alive(), self._begun, self._error)

    def _run(self) -> None:
        try:
            self._send_all()
        except Exception as error:
            self._error = f"{type(error).__name__}: {error}"
            log.exception("the thread of %s died", self._client.team)

    def _send_all(self) -> None:
        while not self._stopping.wait(self._draw.expovariate(1 / self._pause_seconds)):
            self._pace.wait()
            one = self._next()
            self._sent = [*self._sent, one][-KEPT:]
            self._begun += 1
            self._history.add(self._client.submit(one))

    def _next(self) -> Parcel:
        """Mostly something new; else a repeated request, or the same bytes under another key."""
        chance = self._draw.random()
        if self._sent and chance < 0.08:
            return self._draw.choice(self._sent)
        if self._sent and chance < 0.14:
            return replace(self._draw.choice(self._sent), key=uuid4().hex)
        split = TEST if self._draw.random() < 0.5 else VALIDATION
        challenge = REVISED if self._draw.random() < REVISED_SHARE else NAME
        return parcel(some_file(self._draw, challenge), split, self._draw.choice(self._forms), challenge)
