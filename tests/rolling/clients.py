"""The load: clients that each do one thing over and over, with a kept connection or a new one for each request."""

import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx

from services.gateway.lifecycle import OPEN_STATES
from tests.rolling.record import Record

IMAGES = 200
PART_BYTES = 1024
WAIT_SECONDS = 20
THINK_SECONDS = 4.0

TRUTH = b"".join(b"%d\n" % (image % 1000 + 1) for image in range(IMAGES))


class Failed(Exception):
    """A request failed; it is in the record, and its client goes on with the next."""


@dataclass(slots=True)
class Client:
    """One team's program. `kept`: requests share a connection; else each has its own."""

    url: str
    key: str
    split: str
    record: Record
    stop: threading.Event
    kind: str
    kept: bool
    chance: random.Random
    _shared: httpx.Client | None = field(default=None, init=False)

    def ask(self, method: str, path: str, **more: Any) -> Any:
        """The answer's JSON, or None for a page; raises `Failed` for anything but a whole 2xx."""
        began, content = time.monotonic(), None
        try:
            with self._connection() as http:
                answer = http.request(method, path, **more)
            failure = None if answer.is_success else f"{answer.status_code} {answer.text[:300]}"
            if answer.headers["content-type"].startswith("application/json"):
                content = answer.json()
        except httpx.HTTPError as error:
            failure = f"{type(error).__name__}: {error}"
        self.record.note(self.kind, f"{method} {path}", began, failure)
        if failure is not None:
            raise Failed(failure)
        return content

    def listen(self, path: str) -> None:
        """Read a stream of events until its server ends it, or we are to stop; a stream that breaks off has failed."""
        began, failure = time.monotonic(), None
        try:
            with (
                self._connection() as http,
                http.stream("GET", path, headers={"Accept": "text/event-stream"}) as answer,
            ):
                answer.raise_for_status()
                for _ in answer.iter_lines():
                    if self.stop.is_set():
                        break
        except httpx.HTTPError as error:
            failure = f"{type(error).__name__}: {error}"
        self.record.note(self.kind, f"stream {path}", began, failure)

    def see_scored(self, accepted: dict[str, Any], wrong: int) -> None:
        """Note the accepted file, and wait for its score as clients do."""
        submission = str(accepted["submission"]["id"])
        self.record.accepted[submission] = wrong
        while not self.stop.is_set():
            found = self.ask("GET", f"/v1/submissions/{submission}", params={"wait": WAIT_SECONDS})
            if found["evaluation"]["state"] not in OPEN_STATES:
                break
        self.stop.wait(self.chance.uniform(0, THINK_SECONDS))

    def close(self) -> None:
        """Let the connection go."""
        if self._shared is not None:
            self._shared.close()

    @contextmanager
    def _connection(self) -> Iterator[httpx.Client]:
        if not self.kept:
            with self._open() as http:
                yield http
            return
        if self._shared is None:
            self._shared = self._open()
        yield self._shared

    def _open(self) -> httpx.Client:
        headers = {"Authorization": f"Bearer {self.key}"}
        return httpx.Client(base_url=self.url, headers=headers, timeout=60, trust_env=False)


def predictions(chance: random.Random) -> tuple[bytes, int]:
    """A file like no other, and how many of its images are wrong at the first guess."""
    wrong = chance.randrange(IMAGES)
    lines = []
    for image in range(IMAGES):
        right = image % 1000 + 1
        first = right % 1000 + 1 if image < wrong else right
        lines.append(b"%d 0 0 0 %d\n" % (first, chance.randrange(IMAGES + 2, 1001)))
    return b"".join(lines), wrong


def submit(client: Client) -> None:
    """One body, and its score."""
    content, wrong = predictions(client.chance)
    accepted = client.ask("POST", f"{client.split}/submissions", params={"method": "rolling"}, content=content)
    client.see_scored(accepted, wrong)


def submit_slowly(client: Client) -> None:
    """One body that takes two seconds to arrive, so that a restart finds it half there."""
    content, wrong = predictions(client.chance)

    def trickle() -> Iterator[bytes]:
        for start in range(0, len(content), PART_BYTES):
            yield content[start : start + PART_BYTES]
            client.stop.wait(2 * PART_BYTES / len(content))

    accepted = client.ask("POST", f"{client.split}/submissions", params={"method": "slow"}, content=trickle())
    client.see_scored(accepted, wrong)


def upload(client: Client) -> None:
    """The same in parts."""
    content, wrong = predictions(client.chance)
    _, _, _, challenge, _, task, _, split = client.split.split("/")
    place = {"challenge": challenge, "task": task, "split": split}
    said = place | {"method": "in parts", "size_bytes": len(content), "part_bytes": PART_BYTES}
    opened = client.ask("POST", "/v1/uploads", json=said)
    for number, start in enumerate(range(0, len(content), PART_BYTES), start=1):
        part = content[start : start + PART_BYTES]
        client.ask("PUT", f"/v1/uploads/{opened['id']}/parts/{number}", content=part)
    client.see_scored(client.ask("POST", f"/v1/uploads/{opened['id']}/complete"), wrong)


def look_around(client: Client) -> None:
    """Pages and lists, then a pause in which a kept connection is quiet, up to what httpx keeps it for."""
    for path in ("/", "/v1/challenges", f"{client.split}/leaderboard", "/v1/submissions", "/v1/allowance"):
        client.ask("GET", path)
    client.stop.wait(client.chance.uniform(0, 5))


def follow(client: Client) -> None:
    """The team's events as they happen; again when the stream ends."""
    client.listen("/v1/events")


KINDS: dict[str, tuple[Callable[[Client], None], bool]] = {
    "submits, kept": (submit, True),
    "submits, new": (submit, False),
    "submits slowly": (submit_slowly, True),
    "uploads parts, kept": (upload, True),
    "uploads parts, new": (upload, False),
    "looks around, kept": (look_around, True),
    "looks around, new": (look_around, False),
    "follows events": (follow, True),
}
"""What each client does, and whether it keeps its connection."""


def work(client: Client, deed: Callable[[Client], None]) -> None:
    """Do it until told to stop."""
    while not client.stop.is_set():
        try:
            deed(client)
        except Failed:
            # A client in trouble does not knock the door down.
            client.stop.wait(0.2)
    client.close()
