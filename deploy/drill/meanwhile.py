"""A team that goes on submitting until the last moment: what of it was acknowledged, and when."""

import threading
from contextlib import closing
from datetime import datetime
from itertools import count

import httpx

from deploy.demo.visitor import Visitor
from deploy.drill.crowd import Team, predictions, visitor
from shared.clock import utc_now


class Meanwhile:
    """Submits one file after the other to the split `during`, in a thread, until the gateway is gone."""

    def __init__(self, url: str, team: Team) -> None:
        self.acknowledged: dict[str, datetime] = {}
        self._url = url
        self._team = team
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._submit)
        self._thread.start()

    def stop(self) -> None:
        """Return when nothing is under way any more."""
        self._stopping.set()
        self._thread.join()

    def lost(self, url: str, since: datetime) -> tuple[list[str], list[str]]:
        """What the stack at `url` does not know: of what was acknowledged before `since`, and of what came after."""
        with closing(visitor(url, self._team, "during")) as one:
            missing = [submission for submission in self.acknowledged if not _knows(one, submission)]
        return (
            [submission for submission in missing if self.acknowledged[submission] < since],
            [submission for submission in missing if self.acknowledged[submission] >= since],
        )

    def _submit(self) -> None:
        with closing(visitor(self._url, self._team, "during")) as one:
            for number in count():
                if self._stopping.is_set():
                    return
                try:
                    answer = one.submit(predictions(number % 900 + 1), f"until the last moment {number}")
                    submission = answer.raise_for_status().json()["submission"]["id"]
                except httpx.HTTPError:
                    return
                self.acknowledged[submission] = utc_now()


def _knows(team: Visitor, submission: str) -> bool:
    """Whether it is there; then it is also scored, however far it had come."""
    try:
        found = team.outcome(submission)
    except httpx.HTTPStatusError as error:
        if error.response.status_code == 404:
            return False
        raise
    if found["evaluation"] is None:
        # At the point its file was still on its way.
        return False
    assert found["evaluation"]["state"] == "scored", found
    return True
