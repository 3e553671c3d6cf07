"""The threads of a run: some send files, one follows the batch. All that they learn goes into one queue."""

import contextlib
import queue
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from services.gateway.client.answers import content_of
from services.gateway.client.endings import BROKEN, STOPPED, USAGE, Ending, Json, code_of
from services.gateway.client.needed import httpx
from services.gateway.client.parcels import Parcel, changed
from services.gateway.client.part import Part, send_part
from services.gateway.client.parts import PARTS_ABOVE_BYTES, Manner, deliver_in_parts
from services.gateway.client.progress import Unseen
from services.gateway.client.server import Server
from services.gateway.client.zoo.models import Zoo

AGAIN_SECONDS = 1.0
"""A server that is shutting down ends its streams at once; do not storm it."""
ANOTHER_TIME = ("too-many-open", "no-places-left", "model-taken", "upload-taken")
"""What passes with time: others' files, or our own, are dealt with first."""


@dataclass(frozen=True, slots=True)
class News:
    """One of: the server's view of a model; that one's file is on its way, or refused; a line for people; the end."""

    view: Json | None = None
    sending: int | None = None
    refused: int | None = None
    line: str | None = None
    ending: Ending | None = None


class Crew:
    """Daemons, so that nothing holds the process back once it is told to stop."""

    def __init__(self, server: Server, batch: str, zoo: Zoo, parallel: int) -> None:
        self.news: queue.SimpleQueue[News] = queue.SimpleQueue()
        self._server = server
        self._batch = batch
        self._zoo = zoo
        self._parallel = parallel
        self._wanted: queue.SimpleQueue[int] = queue.SimpleQueue()
        self._stopping = threading.Event()
        server.tell = lambda line: self.news.put(News(line=line))

    def start(self, wanted: Sequence[int], after: int) -> None:
        """Send what is wanted, several at once, and follow the batch behind the change that is known."""
        for index in wanted:
            self._wanted.put(index)
        senders = [self._send_all] * min(self._parallel, len(wanted))
        for work in (*senders, lambda: self._follow(after)):
            threading.Thread(target=self._until_broken, args=(work,), daemon=True).start()

    def stop(self) -> None:
        """Send nothing more."""
        self._stopping.set()

    def _until_broken(self, work: Callable[[], None]) -> None:
        try:
            work()
        except Ending as ending:
            self.news.put(News(ending=ending))
        except Exception as error:  # noqa: BLE001 - nobody would wait for a thread that died in silence
            self.news.put(News(ending=Ending(BROKEN, f"this client broke: {error!r}")))

    def _send_all(self) -> None:
        with contextlib.suppress(queue.Empty):
            while not self._stopping.is_set():
                self._send(self._wanted.get_nowait())

    def _send(self, index: int) -> None:
        """Send a model's file; one that is refused stops no other."""
        self.news.put(News(sending=index))
        while True:
            try:
                return self.news.put(News(view=self._sent(index)))
            except Ending as ending:
                if ending.code in (BROKEN, STOPPED):
                    raise
                if code_of(ending) not in ANOTHER_TIME or not self._come_back(index, ending):
                    return self.news.put(News(refused=index, ending=ending))

    def _come_back(self, index: int, ending: Ending) -> bool:
        """Wait as long as the server asks; False, at once, when that is longer than anything is waited for."""
        reason = f"{self._zoo.sendable()[index].name}: {ending.lines[0]}"
        return self._server.patience().pause(reason, ending.retry_after_seconds)

    def _sent(self, index: int) -> Json:
        """The server's view of a model once it has the file."""
        parcel = self._parcel(index)
        path = ("batches", self._batch, "models", str(index), "file")
        if parcel.size_bytes <= PARTS_ABOVE_BYTES:
            return dict(content_of(self._sent_whole(parcel, path)))
        deliver_in_parts(self._server, parcel, Manner(self._parallel, Unseen, self._stopping))
        # It needs no file any more, and says how the model is.
        return dict(content_of(self._server.ask("PUT", path, self._server.patience())))

    def _sent_whole(self, parcel: Parcel, path: Sequence[str]) -> httpx.Response:
        """The answer to a file in one body, if it still is what the manifest says."""
        whole = Part(parcel, 1, parcel.size_bytes, self._stopping)
        try:
            if whole.digest() != parcel.sent:
                raise changed(parcel.path)
            return send_part(self._server, path, whole)
        except OSError as error:
            raise Ending(USAGE, f"{parcel.path} cannot be read: {error.strerror}") from error

    def _parcel(self, index: int) -> Parcel:
        model = self._zoo.sendable()[index]
        about = self._zoo.about(model)
        place = {"batch": self._batch, "index": index}
        return Parcel(model.path, model.size_bytes, *self._zoo.place, about, sent=model.sent, model=place)

    def _follow(self, after: int) -> None:
        """Tell each change, through breaks of the line, for as long as anybody listens."""
        patience = self._server.patience()
        while True:
            try:
                for line in self._server.lines("batches", self._batch, "events", after=after):
                    patience = self._server.patience()
                    after = max(after, int(line["id"]))
                    if line["event"] != "finished":
                        self.news.put(News(view=line["data"]))
                time.sleep(AGAIN_SECONDS)
            except httpx.RequestError as error:
                self._server.pause(error, patience)
            except Ending as ending:
                if ending.code != BROKEN or not patience.pause(ending.lines[0], ending.retry_after_seconds):
                    raise
