"""Large files, in parts: whatever breaks, only what is missing is sent again."""

import contextlib
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field

from services.gateway.client.answers import content_of
from services.gateway.client.delivery import LOOK_AFTER_SECONDS
from services.gateway.client.endings import BROKEN, STOPPED, Ending, Json, code_of
from services.gateway.client.outcomes import state_of
from services.gateway.client.parcels import NUMBERINGS, Parcel, changed
from services.gateway.client.part import Part, send_part
from services.gateway.client.patience import Patience
from services.gateway.client.progress import Progress
from services.gateway.client.server import Server, pages
from services.gateway.client.terminal import go_on
from services.gateway.client.words import moment

PARTS_ABOVE_BYTES = 32 * 2**20
PARALLEL_PARTS = 4
UNLESS_SAID: Json = {"labels": NUMBERINGS[0], "participate": True, "entry": None}


@dataclass(frozen=True, slots=True)
class Manner:
    """How parts are sent: so many at once, shown so, until `stopping` is set."""

    parallel: int = PARALLEL_PARTS
    progress: type[Progress] = Progress
    stopping: threading.Event = field(default_factory=threading.Event)


def deliver_in_parts(server: Server, parcel: Parcel, manner: Manner) -> Json:
    """Send a large file part by part until it is sealed: the server's answer, at once where it knows these bytes.

    Nothing is remembered here: the server lists the team's uploads with their digests. So after a break the same
    command goes on with what is missing, from another machine too, and finds an upload whose answer was lost.
    """
    upload = upload_of(server, parcel, ("open", "sealed"))
    if upload.get("state") == "sealed":
        accepted = completed(server, parcel, upload["id"])
        if state_of(accepted["submission"])[0] != "failed":
            return accepted
        server.tell("the file was sent before, and its evaluation failed on the server's side; sending it anew")
        upload = upload_of(server, parcel, ("open",))
    if upload.get("reused"):
        return upload
    try:
        send_missing(server, parcel, upload, manner)
        return completed(server, parcel, upload["id"])
    except KeyboardInterrupt:
        raise Ending(STOPPED, "stopped; what has arrived is kept", *how_to_go_on(upload)) from None
    except Ending as ending:
        if ending.code == BROKEN:
            ending.lines += how_to_go_on(upload)
        raise


def how_to_go_on(upload: Json) -> list[str]:
    """What to do about an upload that is not complete: it holds a place."""
    return [
        f"  the same command sends what is missing, until {moment(upload['expires_at'])}",
        f"  or free its place: {go_on('give-up', upload['id'])}",
    ]


def upload_of(server: Server, parcel: Parcel, states: Sequence[str]) -> Json:
    """The upload of this very file, to the same place and with the same words: one in these states, or a new one.

    Or the answer to a submission in one body, where the server has these bytes.
    """
    patience = server.patience()
    place = {"challenge": parcel.challenge, "task": parcel.task, "split": parcel.split}
    words = {name: value.strip() if isinstance(value, str) else value for name, value in parcel.about.items()}
    announced: Json = UNLESS_SAID | place | words
    announced |= {"size_bytes": parcel.size_bytes, "received_digest": parcel.sent}
    while True:
        for _, upload in pages(server, patience, "uploads"):
            if upload["state"] in states and announced.items() <= upload.items():
                return upload
        try:
            # Once: before another try the list shows whether this one came through.
            answer = server.ask(
                "POST", ("uploads",), Patience(0), json=announced | parcel.model | {"digest": parcel.content}
            )
            return dict(content_of(answer))
        except Ending as ending:
            if ending.code != BROKEN or not patience.pause(ending.lines[0], LOOK_AFTER_SECONDS):
                raise


def send_missing(server: Server, parcel: Parcel, upload: Json, manner: Manner) -> None:
    """Send the parts that the server does not have, several at a time."""
    missing = content_of(server.get("uploads", upload["id"]))["missing"]
    there = upload["part_count"] - len(missing)
    if there:
        server.tell(f"going on with upload {upload['id']}: {there} of {upload['part_count']} parts are there")
    parts = [Part(parcel, number, upload["part_bytes"], manner.stopping) for number in missing]
    with (
        manner.progress(parcel.path.name, parcel.size_bytes) as progress,
        ThreadPoolExecutor(manner.parallel) as pool,
    ):
        sent_bytes = parcel.size_bytes - sum(part.size_bytes for part in parts)
        sending = {
            pool.submit(send_part, server, ("uploads", upload["id"], "parts", str(part.number)), part): part
            for part in parts
        }
        try:
            for sent in as_completed(sending):
                sent.result()
                sent_bytes += sending[sent].size_bytes
                progress.show(sent_bytes)
        except BaseException:
            manner.stopping.set()
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def completed(server: Server, parcel: Parcel, upload: str) -> Json:
    """Have the parts put together: the server's answer, which is the same however often it is asked."""
    path = ("uploads", upload, "complete")
    while True:
        try:
            answer = server.ask("POST", path, server.patience(), json={"received_digest": parcel.sent})
            return dict(content_of(answer))
        except Ending as ending:
            if code_of(ending) == "upload-digest-differs":
                with contextlib.suppress(Ending):
                    server.ask("DELETE", path[:2], Patience(0))
                raise changed(parcel.path) from None
            if code_of(ending) != "upload-completing":
                raise
            # An answer was lost on the way; the work goes on.
            time.sleep(1)
