"""The API of one server: requests, retried while that can help."""

import contextlib
import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any
from urllib.parse import quote

from services.gateway.client.answers import content_of, ending_of, retry_after
from services.gateway.client.endings import BROKEN, Ending, Json
from services.gateway.client.needed import httpx
from services.gateway.client.parcels import Body, Parcel
from services.gateway.client.patience import Patience
from services.gateway.client.terminal import note

READ_SECONDS = 120
"""After its last byte a large file is still being stored; an answer may take this long."""
MEDIA = {
    ".txt": "text/plain",
    ".csv": "text/csv",
    ".json": "application/json",
    ".npy": "application/x-npy",
    ".npz": "application/zip",
    ".zip": "application/zip",
    ".gz": "application/gzip",
}


class Server:
    """The API of one server, seen with one key (none is needed for what is public)."""

    def __init__(self, url: str, key: str | None, timeout_seconds: float) -> None:
        self.timeout_seconds = timeout_seconds
        self.tell: Callable[[str], None] = note
        headers = {"User-Agent": "holdout-client/1", "Accept": "application/json"}
        if key:
            headers["Authorization"] = f"Bearer {key}"
        timeout = httpx.Timeout(60, connect=10, read=READ_SECONDS)
        self._http = httpx.Client(base_url=url, headers=headers, timeout=timeout)

    def patience(self) -> Patience:
        """For one thing to be done: `--timeout` long, its pauses told by `tell`."""
        return Patience(self.timeout_seconds, self.tell)

    def get(self, *path: str, patience: Patience | None = None, **query: Any) -> httpx.Response:
        """The 2xx answer to GET; retried while the server cannot be reached or says 502, 503 or 504."""
        return self.ask("GET", path, patience or self.patience(), params=query)

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

    def lines(self, *path: str, **query: Any) -> Iterator[Json]:
        """The JSON Lines of one answer that stays open; raises httpx's errors, and the `Ending` of a refusal."""
        accept = {"Accept": "application/x-ndjson"}
        with self._http.stream("GET", address(*path), params=query, headers=accept) as answer:
            if not answer.is_success:
                answer.read()
                raise ending_of(answer)
            yield from (json.loads(line) for line in answer.iter_lines() if line.strip())

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
