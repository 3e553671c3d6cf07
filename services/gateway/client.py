# /// script
# requires-python = ">=3.11"
# dependencies = ["httpx>=0.28,<0.29"]
# ///
"""Holdout's command-line client: submit predictions, wait for the outcome, read reports and boards.

    uv run client.py submit predictions.txt --challenge ilsvrc2012 --task classification --split test
    python client.py leaderboard ilsvrc2012 classification test        (needs: pip install httpx)

The one file handed to participants (served at /client.py); it stands alone and knows the server by its HTTP API only.
"""

import argparse
import base64
import contextlib
import email.utils
import gzip
import hashlib
import io
import json
import os
import random
import sys
import threading
import time
import zlib
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

try:
    import httpx
except ImportError:
    print("this client needs httpx: `pip install httpx`, or run it as `uv run client.py …`", file=sys.stderr)
    raise SystemExit(2) from None

FINE, REJECTED, USAGE, REFUSED, OVER, BROKEN, FAILED, STOPPED = 0, 1, 2, 3, 4, 5, 6, 130
EXIT_CODES = """\
exit codes:
  0    fine; for submit and wait: the submission was scored; for check: it would be taken
  1    the file was rejected: its own fault, told by line and column
  2    the command line is wrong
  3    the server refused (401, 403, 404 and other 4xx answers)
  4    over the allowance (429); the time of the next free place is printed
  5    the server or the network is at fault, after all retries
  6    the evaluation failed on the server's side; nothing is charged
  130  stopped by Ctrl-C

The server and the key can also be given as HOLDOUT_URL and HOLDOUT_KEY.
"""
OUTCOMES = {"scored": FINE, "rejected": REJECTED, "failed": FAILED}
NUMBERINGS = ("ilsvrc", "model-zoo", "kaggle", "wnid")

BLOCK_BYTES = 256 * 1024
WAIT_SECONDS = 30
FIRST_WAIT_SECONDS = 2
READ_SECONDS = 120
"""After its last byte a large file is still being stored; an answer may take this long."""
LOOK_AFTER_SECONDS = 1.0
"""After a broken connection the server needs a moment to seal what it received, or to give its place back."""
CLOCK_SLACK_SECONDS = 5.0
"""How far `Date` (whole seconds, perhaps of a proxy) and `created_at` may be apart."""
MEDIA = {
    ".txt": "text/plain",
    ".csv": "text/csv",
    ".json": "application/json",
    ".npy": "application/x-npy",
    ".npz": "application/zip",
    ".zip": "application/zip",
    ".gz": "application/gzip",
}
BEGUN = "idempotency-running"

Json = dict[str, Any]


class Ending(Exception):
    """The command ends here: with this exit code, these lines for people, and the server's problem for machines."""

    def __init__(self, code: int, *lines: str, problem: Json | None = None) -> None:
        super().__init__(lines[0])
        self.code = code
        self.lines = list(lines)
        self.problem = problem


# ---- talking to the server ----


class Patience:
    """Exponential back-off with jitter. Its time starts to run at the first failure."""

    def __init__(self, timeout_seconds: float) -> None:
        self._timeout_seconds = timeout_seconds
        self._until: float | None = None
        self._delay_seconds = 0.25

    def pause(self, reason: str, at_least_seconds: float = 0) -> bool:
        """Sleep until the next try; False, at once, when that would be later than the time allowed."""
        now = time.monotonic()
        self._until = self._until or now + self._timeout_seconds
        delay = max(at_least_seconds, self._delay_seconds * random.uniform(0.5, 1))  # noqa: S311 - jitter, no secret
        self._delay_seconds = min(self._delay_seconds * 2, 30)
        if now + delay > self._until:
            return False
        note(f"{reason}; trying again in {delay:.1f} s")
        time.sleep(delay)
        return True


class Server:
    """The API of one server, seen with one key (none is needed for what is public)."""

    def __init__(self, url: str, key: str | None, timeout_seconds: float) -> None:
        self.timeout_seconds = timeout_seconds
        headers = {"User-Agent": "holdout-client/1", "Accept": "application/json"}
        if key:
            headers["Authorization"] = f"Bearer {key}"
        timeout = httpx.Timeout(60, connect=10, read=READ_SECONDS)
        self._http = httpx.Client(base_url=url, headers=headers, timeout=timeout)

    def get(self, *path: str, patience: Patience | None = None, **query: Any) -> httpx.Response:
        """The 2xx answer to GET; retried while the server cannot be reached or says 502, 503 or 504."""
        return self.ask("GET", path, patience or Patience(self.timeout_seconds), params=query)

    def ask(self, method: str, path: Sequence[str], patience: Patience, **sent: Any) -> httpx.Response:
        """The same for any method that may be done twice; `sent` is what httpx takes."""
        while True:
            try:
                answer = self._http.request(method, address(*path), **sent)
            except httpx.RequestError as error:
                self.pause(error, patience)
                continue
            if answer.is_success:
                return answer
            if answer.status_code not in (502, 503, 504):
                raise ending_of(answer)
            if not patience.pause(f"the server answered {answer.status_code}", retry_after(answer)):
                raise ending_of(answer)

    def post(self, parcel: "Parcel", body: "Body", patience: Patience, to: str = "submissions") -> httpx.Response:
        """Any answer to a submission. Tried again only while there is no connection; raises httpx's other errors."""
        path = address("challenges", parcel.challenge, "tasks", parcel.task, "splits", parcel.split, to)
        media = MEDIA.get(parcel.path.suffix.lower(), "application/octet-stream")
        headers = {"Content-Type": media, "Content-Length": str(parcel.size_bytes)} | parcel.headers
        while True:
            try:
                with contextlib.closing(body.blocks()) as blocks:
                    return self._http.post(path, params=parcel.about, headers=headers, content=blocks)
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                self.pause(error, patience)

    def pause(self, error: httpx.RequestError, patience: Patience) -> None:
        """Wait before the next try after `error`; raises its `Ending` when another try would not help."""
        # A certificate that is not trusted now will not be trusted later.
        if "CERTIFICATE_VERIFY_FAILED" in str(error) or not patience.pause(sentence_of(error)):
            raise self.unreachable(error) from error

    def unreachable(self, error: httpx.RequestError) -> Ending:
        """The end of trying to reach this server."""
        sentence = f"{self._http.base_url} cannot be reached: {sentence_of(error)}"
        return Ending(BROKEN, sentence, "  check --server and the network, then try again")


def address(*path: str) -> str:
    """`/v1/…` with every part quoted."""
    return "/".join(["/v1", *(quote(part, safe="") for part in path)])


def sentence_of(error: httpx.RequestError) -> str:
    """What happened to a connection, in words."""
    kind = "no connection" if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout) else "the connection broke"
    return f"{kind} ({str(error) or type(error).__name__})"


def retry_after(answer: httpx.Response) -> float:
    """Retry-After in seconds (it may be a number or a date); 0 when there is none."""
    text = answer.headers.get("retry-after", "")
    if text.isdecimal():
        return float(text)
    try:
        return max(0.0, (email.utils.parsedate_to_datetime(text) - server_time(answer)).total_seconds())
    except (ValueError, TypeError):
        return 0.0


def server_time(answer: httpx.Response) -> datetime:
    """The server's clock as of `answer`: ours may be wrong."""
    try:
        return email.utils.parsedate_to_datetime(answer.headers["date"])
    except (KeyError, ValueError):
        return datetime.now(UTC)


def content_of(answer: httpx.Response) -> Any:
    """The JSON of a 2xx answer."""
    try:
        return answer.json()
    except ValueError:
        raise Ending(BROKEN, f"{answer.url} did not answer with JSON", "  is --server a Holdout server?") from None


def ending_of(answer: httpx.Response) -> Ending:
    """What an answer other than 2xx means: the problem's sentence, its faults, remedy and request id."""
    problem = problem_in(answer)
    status = answer.status_code
    code = OVER if status == 429 else BROKEN if status >= 500 else REFUSED
    lines = [f"{status} {answer.reason_phrase}: {problem.get('detail') or 'the server gave no reason'}"]
    lines += fault_lines(problem.get("errors") or [], problem.get("error_count") or 0)
    if answer.is_redirect:
        lines.append(f"  it points to {answer.headers.get('location')}: give that server as --server")
    if problem.get("remedy"):
        lines.append(f"  {problem['remedy']}")
    if problem.get("next_free_at"):
        lines.append(f"  next free place: {problem['next_free_at']}")
    request = problem.get("request_id") or answer.headers.get("x-request-id")
    support = problem.get("support")
    help_lines = [f"  request {request}" + (f"; for help: {support}" if support else "")] if request else []
    return Ending(code, *lines, *help_lines, problem=problem)


def problem_in(answer: httpx.Response) -> Json:
    """The problem+json of `answer`; what a proxy or a stranger answers becomes one too."""
    with contextlib.suppress(ValueError):
        problem = answer.json()
        if isinstance(problem, dict) and "detail" in problem:
            return problem
    said = f"{answer.url.host} answered without a reason; is --server a Holdout server?"
    return {"status": answer.status_code, "title": answer.reason_phrase, "detail": said}


# ---- submitting ----


@dataclass(frozen=True, slots=True)
class Parcel:
    """A file, where it goes, and what is said of it.

    `sent` and `content` are the SHA-256 of its bytes and of what they unpack to, in hexadecimal; None where that was
    not looked at, or cannot be unpacked. The same file, said again under the same `key`, counts once.
    """

    path: Path
    size_bytes: int
    challenge: str
    task: str
    split: str
    about: Json
    sent: str | None = None
    content: str | None = None
    key: str | None = None

    @property
    def headers(self) -> dict[str, str]:
        """What makes a submission in one body count once."""
        stated = {"Repr-Digest": digest_field(self.content)} if self.content else {}
        return stated | ({"Idempotency-Key": self.key} if self.key else {})

    def matches(self, submission: Json) -> bool:
        """Whether a submission is to where this goes, under the same method."""
        place = (submission["challenge"], submission["task"], submission["split"])
        return place == (self.challenge, self.task, self.split) and submission["method"] == self.about["method"].strip()


class Body:
    """The bytes of a parcel, read block by block, counted and digested as they go."""

    def __init__(self, parcel: Parcel) -> None:
        self._parcel = parcel
        self._digest = hashlib.sha256()
        self._sent_bytes = 0

    @property
    def complete(self) -> bool:
        """Whether all was handed to the network. If not, the server cannot have sealed it."""
        return self._sent_bytes == self._parcel.size_bytes

    @property
    def digest(self) -> str:
        """SHA-256 of what was sent: of the file, once it is complete."""
        return self._digest.hexdigest()

    def blocks(self) -> Generator[bytes, None, None]:
        """The blocks to send; shows progress."""
        with (
            Progress(self._parcel.path.name, self._parcel.size_bytes) as progress,
            self._parcel.path.open("rb") as file,
        ):
            while block := file.read(BLOCK_BYTES):
                self._digest.update(block)
                self._sent_bytes += len(block)
                if self._sent_bytes > self._parcel.size_bytes:
                    break
                yield block
                progress.show(self._sent_bytes)
            if not self.complete:
                raise changed(self._parcel.path)


def digest_field(digest: str) -> str:
    """A SHA-256 as HTTP fields state it (RFC 9530)."""
    return f"sha-256=:{base64.b64encode(bytes.fromhex(digest)).decode()}:"


def digest_of(path: Path, packed: bool = False) -> str | None:
    """SHA-256 of the file, or of what it unpacks to; None where it is a broken archive."""
    try:
        with (
            path.open("rb") as file,
            gzip.GzipFile(fileobj=file) if packed else contextlib.nullcontext(file) as content,
        ):
            return hashlib.file_digest(content, "sha256").hexdigest()
    except (EOFError, zlib.error, gzip.BadGzipFile):
        return None
    except OSError as error:
        raise Ending(USAGE, f"{path} cannot be read: {error.strerror}") from error


def is_gzip(path: Path) -> bool:
    """Whether the server will unpack it: it goes by the first two bytes, too."""
    with path.open("rb") as file:
        return file.read(2) == b"\x1f\x8b"


def key_of(args: argparse.Namespace, sent: str, about: Json, number: int) -> str | None:
    """The key of a submission: made of the file's digest and of all that is said of it, unless another is given.

    The same command has the same key; `number` is above 1 where an earlier try failed on the server's side.
    """
    said = json.dumps([sent, args.challenge, args.task, args.split, about, number], sort_keys=True)
    key = args.idempotency_key or hashlib.sha256(said.encode()).hexdigest()
    return None if key == "none" else key


def deliver(server: Server, parcel: Parcel) -> Json:
    """Send the file until it is sealed, once: the server's answer, or `{"submission": …}` when the answer was lost.

    A file that may have arrived is not sent again before the list of submissions shows that it has not; then once.
    """
    started = time.monotonic()
    patience = Patience(server.timeout_seconds)
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


def pages(server: Server, patience: Patience, *path: str) -> Iterator[tuple[httpx.Response, Json]]:
    """All that a list of the server's holds, page by page, each with the answer that it came in."""
    page: Json = {}
    while True:
        query = {"limit": 100} | ({"cursor": page["next"]} if page else {})
        answer = server.get(*path, patience=patience, **query)
        page = content_of(answer)
        for item in page["items"]:
            yield answer, item
        if not page["next"]:
            return


# ---- large files, in parts ----

PARTS_ABOVE_BYTES = 32 * 2**20
PARALLEL_PARTS = 4
UNLESS_SAID: Json = {"labels": NUMBERINGS[0], "participate": True, "entry": None}
SPOILT_ON_THE_WAY = ("part-size-wrong", "digest-mismatch", "upload-too-slow", "internal")


def deliver_in_parts(server: Server, parcel: Parcel, parallel: int) -> Json:
    """Send a large file part by part until it is sealed: the server's answer, at once where it knows these bytes.

    Nothing is remembered here: the server lists the team's uploads with their digests. So after a break the same
    command goes on with what is missing, from another machine too, and finds an upload whose answer was lost.
    """
    upload = upload_of(server, parcel, ("open", "sealed"))
    if upload.get("state") == "sealed":
        accepted = completed(server, parcel, upload["id"])
        if state_of(accepted["submission"])[0] != "failed":
            return accepted
        note("the file was sent before, and its evaluation failed on the server's side; sending it anew")
        upload = upload_of(server, parcel, ("open",))
    if upload.get("reused"):
        return upload
    try:
        send_missing(server, parcel, upload, parallel)
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
    patience = Patience(server.timeout_seconds)
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
            answer = server.ask("POST", ("uploads",), Patience(0), json=announced | {"digest": parcel.content})
            return dict(content_of(answer))
        except Ending as ending:
            if ending.code != BROKEN or not patience.pause(ending.lines[0], LOOK_AFTER_SECONDS):
                raise


def send_missing(server: Server, parcel: Parcel, upload: Json, parallel: int) -> None:
    """Send the parts that the server does not have, several at a time."""
    missing = content_of(server.get("uploads", upload["id"]))["missing"]
    there = upload["part_count"] - len(missing)
    if there:
        note(f"going on with upload {upload['id']}: {there} of {upload['part_count']} parts are there")
    stopping = threading.Event()
    parts = [Part(parcel, number, upload["part_bytes"], stopping) for number in missing]
    with Progress(parcel.path.name, parcel.size_bytes) as progress, ThreadPoolExecutor(parallel) as pool:
        sent_bytes = parcel.size_bytes - sum(part.size_bytes for part in parts)
        sending = {pool.submit(send_part, server, upload["id"], part): part for part in parts}
        try:
            for sent in as_completed(sending):
                sent.result()
                sent_bytes += sending[sent].size_bytes
                progress.show(sent_bytes)
        except BaseException:
            stopping.set()
            pool.shutdown(wait=False, cancel_futures=True)
            raise


class Part:
    """A part of a file: its bytes, read block by block each time they are sent."""

    def __init__(self, parcel: Parcel, number: int, part_bytes: int, stopping: threading.Event) -> None:
        self.number = number
        self.size_bytes = min(part_bytes, parcel.size_bytes - (number - 1) * part_bytes)
        self._path = parcel.path
        self._start = (number - 1) * part_bytes
        self._stopping = stopping

    def __iter__(self) -> Iterator[bytes]:
        """The blocks; ends the sending of all parts when one cannot be sent."""
        left = self.size_bytes
        with self._path.open("rb") as file:
            file.seek(self._start)
            while left:
                if self._stopping.is_set():
                    raise Ending(STOPPED, "stopped")
                block = file.read(min(BLOCK_BYTES, left))
                if not block:
                    raise changed(self._path)
                left -= len(block)
                yield block

    def headers(self) -> dict[str, str]:
        """Its type, its length and its digest (RFC 9530)."""
        digest = hashlib.sha256()
        for block in self:
            digest.update(block)
        media = {"Content-Type": "application/octet-stream", "Content-Length": str(self.size_bytes)}
        return media | {"Content-Digest": digest_field(digest.hexdigest())}


def send_part(server: Server, upload: str, part: Part) -> None:
    """Send one part until the server has it."""
    patience = Patience(server.timeout_seconds)
    path = ("uploads", upload, "parts", str(part.number))
    while True:
        try:
            server.ask("PUT", path, patience, content=part, headers=part.headers())
        except Ending as ending:
            if code_of(ending) not in SPOILT_ON_THE_WAY or not patience.pause(ending.lines[0]):
                raise
        else:
            return


def completed(server: Server, parcel: Parcel, upload: str) -> Json:
    """Have the parts put together: the server's answer, which is the same however often it is asked."""
    path = ("uploads", upload, "complete")
    while True:
        try:
            answer = server.ask("POST", path, Patience(server.timeout_seconds), json={"received_digest": parcel.sent})
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


def changed(path: Path) -> Ending:
    """The end of sending a file that is not what it was."""
    return Ending(USAGE, f"{path} changed while it was being sent", "  submit it when it is finished")


def code_of(ending: Ending) -> str | None:
    """The code of the problem that ended it."""
    return (ending.problem or {}).get("code")


# ---- outcomes ----


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


# ---- commands ----


def do_submit(args: argparse.Namespace, server: Server) -> int:
    """Send a file; wait for its outcome unless told not to."""
    number = 1
    while True:
        parcel = parcel_of(args, number)
        is_large = parcel.size_bytes > PARTS_ABOVE_BYTES
        accepted = deliver_in_parts(server, parcel, args.parallel) if is_large else deliver(server, parcel)
        show_accepted(args, accepted)
        submission = accepted["submission"]
        if not args.wait:
            return show_next(args, submission)
        answer = outcome(server, submission["id"])
        failed_before = accepted.get("replayed") and state_of(content_of(answer))[0] == "failed"
        if not failed_before or args.idempotency_key:
            return conclude(args, server, answer)
        note("it failed on the server's side then, and cost nothing; submitting the file anew")
        number += 1


def parcel_of(args: argparse.Namespace, number: int) -> Parcel:
    """The file and all that goes with it; `number` counts the tries that were answered."""
    about = {"method": args.method, "description": args.description, "track": args.track, "publish": args.publish}
    about |= {"labels": args.labels} if args.labels else {}
    about |= {} if args.participate else {"participate": False}
    about |= {"entry": args.entry} if args.entry else {}
    size_bytes = size_of(args.file)
    if size_bytes > PARTS_ABOVE_BYTES:
        note(f"reading {args.file.name}: {size_bytes:,} bytes")
    sent = digest_of(args.file) or ""
    content = digest_of(args.file, packed=True) if is_gzip(args.file) else sent
    key = key_of(args, sent, about, number)
    return Parcel(args.file, size_bytes, args.challenge, args.task, args.split, about, sent, content, key)


def show_accepted(args: argparse.Namespace, accepted: Json) -> None:
    """What the server has, whether that is new, and what is left."""
    submission = accepted["submission"]
    tell = note if args.json else say
    tell(f"accepted {submission['id']}: {submission['size_bytes']:,} bytes, sha-256 {submission['digest']}")
    if accepted.get("replayed"):
        tell("the same request was made before: it is not counted again")
        return
    if accepted.get("reused"):
        tell("the same bytes were submitted before: this is what they came to, and nothing is charged")
    if "allowance" in accepted:
        tell(standing_line(accepted["allowance"]))


def show_next(args: argparse.Namespace, submission: Json) -> int:
    """How to learn of the outcome later."""
    if args.json:
        say_json(submission)
    else:
        say(f"for its outcome: {go_on('wait', submission['id'])}")
    return FINE


def do_check(args: argparse.Namespace, server: Server) -> int:
    """Check a file without submitting it: no place is taken, no score is made."""
    about = {"labels": args.labels}
    parcel = Parcel(args.file, size_of(args.file), args.challenge, args.task, args.split, about)
    found = content_of(checked(server, parcel))
    if args.json:
        say_json(found)
    else:
        show_check(parcel.path, found)
    return FINE if found["outcome"] == "accepted" else REJECTED


def checked(server: Server, parcel: Parcel) -> httpx.Response:
    """The answer to a dry run. Sent again as long as it fails on the way: nothing comes of doing it twice."""
    patience = Patience(server.timeout_seconds)
    while True:
        try:
            answer = server.post(parcel, Body(parcel), patience, "validate")
        except httpx.RequestError as error:
            server.pause(error, patience)
            continue
        if answer.is_success:
            return answer
        ending = ending_of(answer)
        if code_of(ending) == "check-failed":
            ending.code = FAILED
        if answer.status_code not in (502, 503, 504) or not patience.pause(ending.lines[0], retry_after(answer)):
            raise ending


def do_wait(args: argparse.Namespace, server: Server) -> int:
    """Wait for the outcome of a submission."""
    return conclude(args, server, outcome(server, args.id))


def conclude(args: argparse.Namespace, server: Server, answer: httpx.Response) -> int:
    """Print an outcome, and turn it into an exit code."""
    shown = content_of(answer)
    if args.json:
        say_json(shown)
    else:
        show_submission(shown)
        show_faults(server, shown)
    return OUTCOMES.get(state_of(shown)[0], BROKEN)


def do_status(args: argparse.Namespace, server: Server) -> int:
    """Show a submission as it is now."""
    return answered(args, server.get("submissions", args.id), show_submission)


def do_list(args: argparse.Namespace, server: Server) -> int:
    """List the team's submissions, new to old."""
    query = {"limit": args.limit} | ({"cursor": args.cursor} if args.cursor else {})
    return answered(args, server.get("submissions", **query), show_page)


def do_uploads(args: argparse.Namespace, server: Server) -> int:
    """List the uploads in parts that still can be completed, or were today."""
    return answered(args, server.get("uploads", limit=100), show_uploads)


def do_give_up(args: argparse.Namespace, server: Server) -> int:
    """Give an upload up: its place comes back."""
    server.ask("DELETE", ("uploads", args.id), Patience(server.timeout_seconds))
    note(f"upload {args.id} is given up")
    return FINE


def do_report(args: argparse.Namespace, server: Server) -> int:
    """Show a report, or keep it as the scorer wrote it, byte for byte."""
    answer = server.get("submissions", args.id, "report")
    if args.output is None:
        return answered(args, answer, show_report)
    try:
        args.output.write_bytes(answer.content)
    except OSError as error:
        raise Ending(USAGE, f"{args.output} cannot be written: {error.strerror}") from error
    if args.json:
        say_json(content_of(answer))
    else:
        say(f"wrote {args.output}: {len(answer.content):,} bytes")
    return FINE


def do_leaderboard(args: argparse.Namespace, server: Server) -> int:
    """Show a board, all of its pages."""
    place = ("challenges", args.challenge, "tasks", args.task, "splits", args.split, "leaderboard")
    board = content_of(server.get(*place, limit=1000))
    while board.get("next"):
        page = content_of(server.get(*place, limit=1000, cursor=board["next"]))
        board |= {"entries": board["entries"] + page["entries"], "next": page["next"]}
    show = say_json if args.json else show_board
    show(board)
    return FINE


def do_allowance(args: argparse.Namespace, server: Server) -> int:
    """Show what the team has left."""
    return answered(args, server.get("allowance"), show_allowance)


def do_challenges(args: argparse.Namespace, server: Server) -> int:
    """Show what can be submitted to."""
    return answered(args, server.get("challenges"), show_challenges)


def do_events(args: argparse.Namespace, server: Server) -> int:
    """Show what happened since a position in the team's feed; with --follow, what happens from now on too."""
    after = args.after
    try:
        while True:
            asked = time.monotonic()
            wait = WAIT_SECONDS if args.follow else 0
            page = content_of(server.get("events", after=after, limit=100, wait=wait))
            for event in page["items"]:
                if args.json:
                    say_json(event)
                else:
                    say(event_line(event))
            after = page["next"]
            if not page["items"] and not args.follow:
                return FINE
            if not page["items"] and time.monotonic() - asked < 1:
                # A server that is shutting down answers at once; do not storm it.
                time.sleep(1)
    finally:
        note(f"read up to {after}; to go on: {go_on('events', '--after', str(after))}")


def answered(args: argparse.Namespace, answer: httpx.Response, show: Callable[[Any], None]) -> int:
    """Print an answer for people by `show`, or as the server's own JSON."""
    content = content_of(answer)
    if args.json:
        say_json(content)
    else:
        show(content)
    return FINE


def size_of(path: Path) -> int:
    """The size in bytes of a file that can be read more than once."""
    try:
        if not path.is_file():
            raise Ending(USAGE, f"{path} is not a file", "  give the path of the predictions file")
        with path.open("rb"):
            return path.stat().st_size
    except OSError as error:
        raise Ending(USAGE, f"{path} cannot be read: {error.strerror}") from error


# ---- showing ----


class Progress:
    """How much of a file is sent: a bar on a terminal, a plain line every few seconds elsewhere. On stderr."""

    WIDTH = 30
    LINE_SECONDS = 5.0
    BAR_SECONDS = 0.1

    def __init__(self, name: str, size_bytes: int) -> None:
        self._name = name
        self._size_bytes = size_bytes
        self._sent_bytes = 0
        self._terminal = sys.stderr.isatty()
        self._started = self._shown = time.monotonic()

    def show(self, sent_bytes: int) -> None:
        """So much is sent: say so, if it is time to."""
        self._sent_bytes = sent_bytes
        now = time.monotonic()
        if now - self._shown < (self.BAR_SECONDS if self._terminal else self.LINE_SECONDS):
            return
        self._shown = now
        if self._terminal:
            self._draw()
        else:
            note(f"sending {self._name}: {self._sent_bytes:,} of {self._size_bytes:,} bytes")

    def __enter__(self) -> "Progress":
        return self

    def __exit__(self, *error: object) -> None:
        """Say how far it went, in full lines."""
        if self._terminal:
            self._draw()
            print(file=sys.stderr)
        elif self._sent_bytes == self._size_bytes:
            note(f"sent {self._name}: {self._size_bytes:,} bytes in {time.monotonic() - self._started:.1f} s")

    def _draw(self) -> None:
        share = self._sent_bytes / self._size_bytes if self._size_bytes else 1.0
        bar = ("#" * int(share * self.WIDTH)).ljust(self.WIDTH, "-")
        line = f"\r{plain(self._name)} [{bar}] {share:4.0%} of {self._size_bytes:,} bytes"
        print(line, end="", file=sys.stderr, flush=True)


def plain(text: str) -> str:
    """`text` without control characters: a team's name must not be able to steer a terminal."""
    return "".join(letter if letter.isprintable() or letter == "\n" else "?" for letter in text)


def say(text: str) -> None:
    """A line of the answer."""
    print(plain(text), flush=True)


def say_json(value: Any) -> None:
    """The server's JSON, in ASCII: nothing is replaced, and nothing can steer a terminal."""
    print(json.dumps(value), flush=True)


def note(text: str) -> None:
    """A line on how things go."""
    print(plain(text), file=sys.stderr, flush=True)


def go_on(*words: str) -> str:
    """A command to type next."""
    return " ".join(["python", Path(sys.argv[0]).name, *words])


def table(headings: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Aligned columns, two spaces apart."""
    lines = [[str(cell) for cell in row] for row in (headings, *rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        say("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def moment(text: str | None) -> str:
    """A time of the server's, to the second."""
    return "-" if text is None else datetime.fromisoformat(text).astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def duration(seconds: int) -> str:
    """A window's length in its largest whole unit."""
    for size, unit in ((86_400, "days"), (3_600, "hours"), (60, "minutes")):
        if seconds % size == 0 and seconds > size:
            return f"{seconds // size} {unit}"
    return f"{seconds} seconds"


def short(text: str, width: int = 40) -> str:
    """`text` in at most `width` letters, on one line."""
    line = " ".join(text.split())
    return line if len(line) <= width else line[: width - 1] + "…"


def standing_line(standing: Json) -> str:
    """What is left in a pool."""
    window = duration(standing["window_seconds"])
    line = f"left: {standing['remaining']} of {standing['places']} in any {window} ({standing['pool']})"
    return line + (f"; next free place: {moment(standing['next_free_at'])}" if standing["next_free_at"] else "")


def show_submission(submission: Json) -> None:
    """A submission, and what its evaluation found."""
    evaluation = submission["evaluation"] or {}
    state, stage = state_of(submission)
    say(f"{state}{f' ({stage})' if stage else ''}  {submission['id']}")
    where = "on the board" if submission["published"] else "private"
    say(f"  {submission['challenge']} {submission['task']} {submission['split']}, {submission['track']} data, {where}")
    if submission["method"]:
        say(f"  method: {short(submission['method'], 100)}")
    if about := queue_line(submission.get("queue")):
        say(f"  {about}")
    if state == "abandoned":
        say("  its upload never ended, so it counts for nothing; submit the file again")
    if evaluation.get("failure"):
        show_failure(state, evaluation["failure"])
    if evaluation.get("metrics"):
        show_metrics(evaluation["metrics"], evaluation["intervals"] or {})
        show_notes(evaluation.get("notes") or [])
        if submission.get("forgiven_at"):
            say("  its place was given back, this once: see the notes")
        say(f"  full report: {go_on('report', submission['id'])}")


def show_failure(outcome: str, failure: Json) -> None:
    """Why there is no score."""
    say(f"  {failure['sentence']}")
    if failure["remedy"]:
        say(f"  {failure['remedy']}")
    if outcome == "failed":
        say("  this was not the file's fault; nothing is charged")


def show_metrics(metrics: Json, intervals: Json) -> None:
    """Metrics with their 99.9 % intervals."""
    rows = []
    for name in sorted(metrics):
        interval = intervals.get(name, {}).get("99.9")
        ends = f"{interval['low']:.5f} … {interval['high']:.5f}" if interval else "-"
        rows.append([name, f"{metrics[name]:.5f}", ends])
    table(("metric", "value", "99.9 % interval"), rows)


def show_notes(notes: Sequence[Json]) -> None:
    """What was accepted, and may not be meant."""
    for remark in notes:
        first = f", first in line {remark['first_line']}" if remark["first_line"] else ""
        say(f"  note: {remark['sentence']} ({remark['count']:,} times{first})")


def show_faults(server: Server, submission: Json) -> None:
    """The faults of a rejected file, which only its report holds."""
    if state_of(submission)[0] != "rejected":
        return
    try:
        report = content_of(server.get("submissions", submission["id"], "report"))
    except Ending as ending:
        # The outcome is known and stays what it is.
        note("\n".join(["the report with the faults cannot be read now:", *ending.lines]))
        return
    for line in fault_lines(report["faults"], report["fault_count"]):
        say(line)


def fault_lines(faults: Sequence[Json], count: int) -> list[str]:
    """Faults by line and column, each with its remedy, and how many more there are."""
    lines = []
    for fault in faults:
        place = ":".join(str(fault[key]) for key in ("line", "column") if fault.get(key) is not None)
        remedy = f" - {fault['remedy']}" if fault.get("remedy") else ""
        lines.append(f"  {place or 'file'}: {fault['sentence']}{remedy}")
    if count > len(faults):
        lines.append(f"  … and {count - len(faults):,} more")
    return lines


def show_check(path: Path, found: Json) -> None:
    """What a file holds; or its faults as compilers print them: file:line:column: what is wrong. How to mend it."""
    if found["outcome"] == "accepted":
        say("accepted: " + ", ".join(f"{count:,} {what}" for what, count in found["counts"].items()))
    else:
        failure = found["failure"]
        # A fault of the same kind tells the remedy in its own line.
        is_told = any(fault["code"] == failure["code"] for fault in found["faults"])
        say(f"rejected: {failure['sentence']}" + ("" if is_told else f" {failure['remedy']}"))
    for fault in found["faults"]:
        place = "".join(f":{fault[key]}" for key in ("line", "column") if fault[key] is not None)
        say(f"{path}{place}: {fault['sentence']} {fault['remedy']}")
    if found["fault_count"] > len(found["faults"]):
        say(f"… and {found['fault_count'] - len(found['faults']):,} more")
    for remark in found["notes"]:
        place = f":{remark['first_line']}" if remark["first_line"] else ""
        say(f"{path}{place}: note: {remark['sentence']} ({remark['count']:,} times)")


def show_page(page: Json) -> None:
    """A page of submissions."""
    rows = [
        [s["id"], state_of(s)[0], moment(s["created_at"]), s["challenge"], s["task"], s["split"], short(s["method"])]
        for s in page["items"]
    ]
    table(("submission", "state", "created", "challenge", "task", "split", "method"), rows)
    if page["next"]:
        say(f"older ones: {go_on('list', '--cursor', page['next'])}")


def show_uploads(uploads: Json) -> None:
    """A team's uploads in parts."""
    rows = [
        [
            u["id"],
            u["state"],
            f"{u['received_parts']} of {u['part_count']}",
            moment(u["expires_at"]),
            short(u["method"]),
        ]
        for u in uploads["items"]
    ]
    table(("upload", "state", "parts", "until", "method"), rows)


def event_line(event: Json) -> str:
    """An event of the feed on one line."""
    data, head = event["data"], [str(event["position"]), moment(event["timestamp"]), event["type"]]
    if event["type"] == "endpoint.disabled":
        gone = data.get("disabled_because") == "gone"
        reason = "it answered 410" if gone else f"fails since {moment(data.get('failing_since'))}"
        return "  ".join([*head, str(data.get("endpoint")), short(str(data.get("url")), 60), reason])
    metrics = "  ".join(f"{name} {value:.5f}" for name, value in sorted((data.get("metrics") or {}).items()))
    reason = (data.get("failure") or {}).get("sentence", "")
    where = f"{data.get('challenge')} {data.get('task')} {data.get('split')}"
    return "  ".join([*head, str(data.get("submission")), where, *filter(None, (metrics, short(reason, 100)))])


def show_report(report: Json) -> None:
    """A report: metrics or faults, notes, and what was judged by what."""
    protocol = report["protocol"]
    say(f"{report['outcome']}  {report['challenge']} version {report['version']}, {report['task']} {report['split']}")
    say(f"  protocol: {protocol['confidence']}, {protocol['source']}")
    if report["failure"]:
        show_failure(report["outcome"], report["failure"])
    for line in fault_lines(report["faults"], report["fault_count"]):
        say(line)
    if report["metrics"]:
        show_metrics(report["metrics"], report["intervals"])
    show_notes(report["notes"])
    table(("judged", "by or as"), list(report["provenance"].items()))


def show_board(board: Json) -> None:
    """A board; entries that share a range of ranks cannot be told apart."""
    counted = ["won"] if board.get("winner") == "categories_won" else []
    rows = []
    for entry in board["entries"]:
        best, worst = entry["rank_range"] or ("", "")
        span = str(best) if best == worst else f"{best}-{worst}"
        ends = f"{entry['interval']['low']:.5f} … {entry['interval']['high']:.5f}"
        row = [entry["rank"] or "-", span, short(entry["team"], 30), short(entry["method"]), entry["track"]]
        won = entry.get("categories_won")
        rows.append([*row, *(["-" if won is None else won] if counted else []), f"{entry['value']:.5f}", ends])
    table(("rank", "range", "team", "method", "track", *counted, board["headline"], "99.9 % interval"), rows)


def show_allowance(allowance: Json) -> None:
    """What is left, pool by pool, and which submissions took the rest."""
    say(f"team {allowance['team']}")
    for standing in allowance["pools"]:
        say(standing_line(standing))
        for place in standing["taken"]:
            say(f"  {place['state']} by {place['submission']}, back {moment(place['returns_at'])}{what_of(place)}")
        for place in standing.get("given_back", ()):
            say(f"  given back ({place['reason']}): {place['submission']}{what_of(place)}")
        if standing.get("forgiven_left") is not None and standing.get("given_back"):
            say(f"  rejected files that still cost nothing today: {standing['forgiven_left']}")


def what_of(place: Json) -> str:
    """What took a place, and how far that is, where the server says so."""
    said = [place.get("progress"), place.get("task"), place.get("split"), short(place.get("method") or "")]
    return f" ({', '.join(words)})" if (words := [word for word in said if word]) else ""


def show_challenges(challenges: Sequence[Json]) -> None:
    """Every split that there is."""
    rows = []
    for challenge in challenges:
        for task in challenge["tasks"]:
            for split in task["splits"]:
                limit = f"{split['limits']['places']} in {duration(split['limits']['window_seconds'])}"
                takes = "open" if split["open"] else "closed"
                place = [challenge["name"], task["name"], split["name"]]
                rows.append([*place, takes, split["images"], task["headline"], limit])
    table(("challenge", "task", "split", "takes files", "images", "decided by", "allowance"), rows)


# ---- the command line ----


def parser() -> argparse.ArgumentParser:
    """All commands and options."""
    top = argparse.ArgumentParser(
        description="Submit predictions to a Holdout server and read what it found.",
        epilog=EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = top.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, run: Callable[[argparse.Namespace, Server], int], public: bool = False) -> Any:
        about = (run.__doc__ or "").strip()
        added = commands.add_parser(
            name, help=about, description=about, epilog=EXIT_CODES, formatter_class=top.formatter_class
        )
        added.set_defaults(run=run, public=public)
        added.add_argument("--server", default=os.environ.get("HOLDOUT_URL"), help="address of the server")
        added.add_argument("--key", default=os.environ.get("HOLDOUT_KEY"), help="your team's API key")
        added.add_argument("--timeout", type=seconds, default=600.0, help="keep trying this long to reach the server")
        added.add_argument("--json", action="store_true", help="print the server's JSON")
        return added

    submit = command("submit", do_submit)
    submit.add_argument("file", type=Path, help="the predictions, plain or gzip")
    for name in ("challenge", "task", "split"):
        submit.add_argument(f"--{name}", required=True)
    submit.add_argument("--method", default="", help="name of the method, shown on the board")
    submit.add_argument("--description", default="", help="what it does, what it was trained on")
    submit.add_argument("--track", choices=("provided", "external"), default="provided", help="training data")
    submit.add_argument("--labels", choices=NUMBERINGS, help="how the file names categories (ilsvrc)")
    submit.add_argument("--publish", action="store_true", help="put it on the board once it is scored")
    submit.add_argument(
        "--no-participate", dest="participate", action="store_false", help="on the board, not in the contest"
    )
    submit.add_argument(
        "--entry", metavar="ID", help="the submission whose place this file shares, where tasks are joined"
    )
    submit.add_argument("--parallel", type=parallel, default=PARALLEL_PARTS, help="parts of a large file at once, 1-16")
    about_key = "counts a repeated request once (made from file and options); none: send none"
    submit.add_argument("--idempotency-key", metavar="KEY", help=about_key)
    submit.add_argument("--wait", action=argparse.BooleanOptionalAction, default=True, help="wait for the outcome")

    check = command("check", do_check)
    check.add_argument("file", type=Path, help="the predictions, plain or gzip")
    for name in ("challenge", "task", "split"):
        check.add_argument(f"--{name}", required=True)
    check.add_argument("--labels", choices=NUMBERINGS, default="ilsvrc", help="how the file names categories")

    command("wait", do_wait).add_argument("id", help="a submission")
    command("status", do_status).add_argument("id", help="a submission")
    listing = command("list", do_list)
    listing.add_argument("--limit", type=int, default=20, help="1 to 100")
    listing.add_argument("--cursor", help="where the page before ended")
    command("uploads", do_uploads)
    command("give-up", do_give_up).add_argument("id", help="an upload")
    report = command("report", do_report)
    report.add_argument("id", help="a submission")
    report.add_argument("--output", type=Path, help="keep the report in this file")
    board = command("leaderboard", do_leaderboard, public=True)
    for name in ("challenge", "task", "split"):
        board.add_argument(name)
    command("allowance", do_allowance)
    command("challenges", do_challenges, public=True)
    feed = command("events", do_events)
    feed.add_argument("--after", type=int, default=0, help="the position read last; 0 is the beginning")
    feed.add_argument("--follow", action="store_true", help="go on until Ctrl-C")
    return top


def seconds(text: str) -> float:
    """A length of time on the command line."""
    value = float(text)
    if not 0 <= value < 1e9:
        raise ValueError(text)
    return value


def parallel(text: str) -> int:
    """A number of connections on the command line."""
    value = int(text)
    if not 1 <= value <= 16:
        raise ValueError(text)
    return value


def server_of(args: argparse.Namespace) -> Server:
    """The server that the options name; says which option is missing or wrong."""
    if not args.server:
        raise Ending(USAGE, "no server is given", "  use --server https://… or set HOLDOUT_URL")
    try:
        url = httpx.URL(args.server)
    except httpx.InvalidURL:
        url = httpx.URL("")
    if url.scheme not in ("http", "https") or not url.host:
        raise Ending(
            USAGE, f"{args.server!r} is not the address of a server", "  it looks like https://holdout.example"
        )
    key = (args.key or "").strip() or None
    if key is None and not args.public:
        raise Ending(USAGE, "no key is given", "  use --key holdout_… or set HOLDOUT_KEY; your organiser makes keys")
    if key and not (key.isascii() and key.isprintable()):
        raise Ending(USAGE, "the key has letters that no key has", "  copy it again, whole and on one line")
    return Server(args.server, key, args.timeout)


def main() -> int:
    """Run one command; the exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    args = parser().parse_args()
    try:
        return int(args.run(args, server_of(args)))
    except Ending as ending:
        if args.json and ending.problem:
            say_json(ending.problem)
        note("\n".join(ending.lines))
        return ending.code
    except KeyboardInterrupt:
        note(f"stopped; to see what arrived: {go_on('list')}")
        return STOPPED
    except BrokenPipeError:
        # The reader of our output (`| head`) has seen enough.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FINE


if __name__ == "__main__":
    raise SystemExit(main())
