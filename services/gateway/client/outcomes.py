"""What becomes of a submission: its state, its place in line, and waiting for its end."""

import time

from services.gateway.client.answers import content_of
from services.gateway.client.endings import FAILED, FINE, REFUSED, REJECTED, STOPPED, Ending, Json
from services.gateway.client.needed import httpx
from services.gateway.client.server import Server
from services.gateway.client.terminal import go_on, note
from services.gateway.client.words import duration

OUTCOMES = {"scored": FINE, "rejected": REJECTED, "failed": FAILED}
WAIT_SECONDS = 30
FIRST_WAIT_SECONDS = 2


def outcome(server: Server, submission: str) -> httpx.Response:
    """The answer that shows the final state of `submission`; waits as long as it takes."""
    shown = ""
    try:
        while True:
            asked = time.monotonic()
            # The first answer comes soon, to say where it stands.
            answer = server.get("submissions", submission, wait=WAIT_SECONDS if shown else FIRST_WAIT_SECONDS)
            seen = content_of(answer)
            state, stage = state_of(seen)
            if state in (*OUTCOMES, "abandoned"):
                return answer
            about = stage or queue_line(seen.get("queue"))
            if (now := f"{state}: {about}" if about else state) != shown:
                note(now)
                shown = now
            if time.monotonic() - asked < 1:
                # A server that is shutting down answers at once; do not storm it.
                time.sleep(1)
    except KeyboardInterrupt:
        hint = f"  to go on: {go_on('wait', submission)}"
        raise Ending(STOPPED, "stopped waiting; the submission is evaluated all the same", hint) from None
    except Ending as ending:
        if ending.code != REFUSED:
            ending.lines.append(f"  to go on: {go_on('wait', submission)}")
        raise


def state_of(submission: Json) -> tuple[str, str | None]:
    """A submission's state in one word (its evaluation's, once there is one), and the stage of scoring."""
    evaluation = submission["evaluation"]
    return (evaluation["state"], evaluation["stage"]) if evaluation else (submission["state"], None)


def queue_line(queue: Json | None) -> str:
    """A place in line and the server's estimate, as far as they are known."""
    if not queue or queue["position"] is None:
        return ""
    line = f"{queue['position']} before it" if queue["position"] else "next in line"
    if queue["begun_in_seconds"] is None:
        return f"{line}; when is {queue['basis']}"
    seconds = max(1, round(queue["done_in_seconds"]))
    return f"{line}, done in about {duration(seconds if seconds <= 120 else round(seconds / 60) * 60)}"
