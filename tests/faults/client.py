"""A good client: one Idempotency-Key a request, tried again while the server or the line is at fault."""

import hashlib
import random
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import httpx

from tests.faults.batch import MODEL_UNDER_WAY, send_as_batch
from tests.faults.history import Asked
from tests.faults.parcel import BATCH, PARTS, Parcel
from tests.faults.parts import COMPLETING, send_in_parts

UNDER_WAY = ("idempotency-running", COMPLETING, MODEL_UNDER_WAY)
"""What a conflict is called when an earlier try is still at it."""

LONGEST_PAUSE_SECONDS = 5.0
PATIENCE_SECONDS = 180.0
CONNECT_SECONDS, READ_SECONDS = 3.0, 15.0
ANSWER_SECONDS = CONNECT_SECONDS + 2 * READ_SECONDS
"""So long one try may take: to connect, to send, and to be answered."""


class Client:
    """One team's. `url` is where it finds the gateway; one thread at a time."""

    def __init__(self, url: str, team: str, key: str, draw: random.Random) -> None:
        self.team = team
        self._draw = draw
        headers = {"Authorization": f"Bearer {key}"}
        timeout = httpx.Timeout(READ_SECONDS, connect=CONNECT_SECONDS)
        self._http = httpx.Client(base_url=url, headers=headers, timeout=timeout, trust_env=False)

    def close(self) -> None:
        """Let the connection go."""
        self._http.close()

    def submit(
        self, one: Parcel, patience_seconds: float = PATIENCE_SECONDS, hurry_seconds: float | None = None
    ) -> Asked:
        """Send until there is an answer for good, or patience ends. Waits ever longer, and as Retry-After asks; with
        `hurry_seconds`, always that long: a probe looks for the moment when it works again.
        """
        deadline, pause, tries = time.monotonic() + patience_seconds, 0.1, 0
        while True:
            tries += 1
            answer = self._try(one)
            if answer is not None and _is_final(answer):
                return self._asked(one, answer, tries)
            wait = hurry_seconds or max(pause * self._draw.uniform(0.7, 1), _retry_after(answer))
            if time.monotonic() + wait > deadline:
                return self._asked(one, None, tries)
            time.sleep(wait)
            pause = min(2 * pause, LONGEST_PAUSE_SECONDS)

    def state(self, submission: str, wait_seconds: float) -> str | None:
        """The state of its evaluation; None when nobody answers."""
        try:
            answer = self._http.get(f"/v1/submissions/{submission}", params={"wait": wait_seconds})
            return str(answer.raise_for_status().json()["evaluation"]["state"])
        except httpx.HTTPError:
            return None

    def _try(self, one: Parcel) -> httpx.Response | None:
        try:
            return self._how(one.form)(one)
        except httpx.HTTPError:
            return None

    def _how(self, form: str) -> Callable[[Parcel], httpx.Response]:
        others = {PARTS: partial(send_in_parts, self._http), BATCH: partial(send_as_batch, self._http)}
        return others.get(form, self._send)

    def _send(self, one: Parcel) -> httpx.Response:
        path = f"/v1/challenges/{one.challenge}/tasks/{one.file.task}/splits/{one.split}/submissions"
        sent = one.sent()
        headers = {"Idempotency-Key": one.key} | sent.pop("headers", {})
        return self._http.post(path, params={"method": one.key}, headers=headers, **sent)

    def _asked(self, one: Parcel, answer: httpx.Response | None, tries: int) -> Asked:
        content: dict[str, Any] = answer.json() if answer is not None else {}
        accepted = answer is not None and answer.is_success
        # These have no key: asked again they say how things stand, which is not the same byte for byte.
        is_kept = answer is not None and accepted and one.form not in (PARTS, BATCH)
        return Asked(
            at=time.time(),
            team=self.team,
            key=one.key,
            task=one.file.task,
            split=one.split,
            form=one.form,
            digest=hashlib.sha256(one.content).hexdigest(),
            outcome=one.file.outcome,
            score=one.file.score,
            status=answer.status_code if answer is not None else None,
            submission=content["submission"]["id"] if accepted else None,
            reused=accepted and content["reused"],
            replayed=answer is not None and "Idempotency-Replayed" in answer.headers,
            body=hashlib.sha256(answer.content).hexdigest() if answer is not None and is_kept else "",
            code="" if accepted else str(content.get("code", "")),
            tries=tries,
            challenge=one.challenge,
        )


def _is_final(answer: httpx.Response) -> bool:
    """Any answer but a fault of theirs, and that an earlier try is still under way. 429 is for good: others go on."""
    if answer.status_code == 409:
        return bool(answer.json().get("code") not in UNDER_WAY)
    return answer.status_code < 500


def _retry_after(answer: httpx.Response | None) -> float:
    value = answer.headers.get("Retry-After", "") if answer is not None else ""
    return float(value) if value.isdigit() else 0.0
