"""A file in one body: sent until it is sealed, once."""

import time
from collections.abc import Iterator
from datetime import datetime, timedelta

from services.gateway.client.answers import content_of, ending_of, problem_in, retry_after, server_time
from services.gateway.client.endings import BROKEN, Ending, Json
from services.gateway.client.needed import httpx
from services.gateway.client.parcels import Body, Parcel
from services.gateway.client.patience import Patience
from services.gateway.client.server import Server, pages
from services.gateway.client.terminal import go_on, note

LOOK_AFTER_SECONDS = 1.0
"""After a broken connection the server needs a moment to seal what it received, or to give its place back."""
CLOCK_SLACK_SECONDS = 5.0
"""How far `Date` (whole seconds, perhaps of a proxy) and `created_at` may be apart."""
BEGUN = "idempotency-running"


def deliver(server: Server, parcel: Parcel) -> Json:
    """Send the file until it is sealed, once: the server's answer, or `{"submission": …}` when the answer was lost.

    A file that may have arrived is not sent again before the list of submissions shows that it has not; then once.
    """
    started = time.monotonic()
    patience = server.patience()
    again = False
    while True:
        body = Body(parcel)
        answer = None
        try:
            answer = server.post(parcel, body, patience)
        except httpx.RequestError as error:
            trouble = server.unreachable(error)
        else:
            if answer.is_success:
                return dict(content_of(answer)) | {"replayed": "idempotency-replayed" in answer.headers}
            trouble = ending_of(answer)
        if answer is not None and problem_in(answer).get("code") == BEGUN:
            # An earlier try of ours, whose line broke: it ends, or is given up within a minute or so.
            come_back(answer, "the same request is still under way", trouble, patience)
            continue
        if trouble.code != BROKEN:
            raise trouble
        note(trouble.lines[0])
        if found := arrived(server, parcel, body, started, patience):
            return {"submission": found}
        if answer is not None and said_come_back(answer):
            come_back(answer, "it asks to come back", trouble, patience)
            continue
        if again:
            trouble.lines.append("  the file was sent twice and did not arrive; nothing was submitted")
            raise trouble
        note("the file did not arrive; sending it once more")
        again = True


def come_back(answer: httpx.Response, reason: str, trouble: Ending, patience: Patience) -> None:
    """Sleep as long as `answer` asks; raises `trouble` when that is too long."""
    if not patience.pause(reason, retry_after(answer)):
        raise trouble


def said_come_back(answer: httpx.Response) -> bool:
    """Whether Holdout itself (no proxy on the way) asked to come back."""
    return answer.status_code == 503 and "retry-after" in answer.headers and "code" in problem_in(answer)


def arrived(server: Server, parcel: Parcel, body: Body, started: float, patience: Patience) -> Json | None:
    """The sealed submission of this very file made since `started` (monotonic seconds), if there is one.

    Waits while an upload that may be ours is still being sealed. Raises `Ending` when that cannot be decided.
    """
    deadline = time.monotonic() + server.timeout_seconds
    while True:
        time.sleep(LOOK_AFTER_SECONDS)
        if not body.complete:
            return None
        try:
            recent = [submission for submission in made_since(server, started, patience) if parcel.matches(submission)]
        except Ending as ending:
            # Whatever keeps us from looking (a key that may not read, too): the trouble began with the connection.
            ending.code = BROKEN
            ending.lines.append(
                f"  so it is not known whether the file arrived; look before you send it again: {go_on('list')}"
            )
            raise
        for submission in recent:
            if submission["state"] == "sealed" and submission["received_digest"] == body.digest:
                return submission
        unsure = [submission["id"] for submission in recent if submission["state"] == "open"]
        if not unsure:
            return None
        note("an upload that may be this one is not sealed yet; looking again")
        if time.monotonic() > deadline:
            sentence = "the connection broke, and the server is still busy with the file"
            raise Ending(BROKEN, sentence, f"  look before you send it again: {go_on('status', unsure[0])}")


def made_since(server: Server, started: float, patience: Patience) -> Iterator[Json]:
    """The team's submissions made since `started` (monotonic seconds), by the server's own clock."""
    for answer, submission in pages(server, patience, "submissions"):
        age = timedelta(seconds=time.monotonic() - started + CLOCK_SLACK_SECONDS)
        if datetime.fromisoformat(submission["created_at"]) < server_time(answer) - age:
            return
        yield submission
