"""The threads of a run: some send files, one follows the batch. All that they learn goes into one queue."""

import queue
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from services.gateway.client.endings import BROKEN, Ending, Json
from services.gateway.client.needed import httpx
from services.gateway.client.parcels import Parcel
from services.gateway.client.part import Part, send_part
from services.gateway.client.server import Server
from services.gateway.client.zoo.models import Zoo

AGAIN_SECONDS = 1.0
"""A server that is shutting down ends its streams at once; do not storm it."""


@dataclass(frozen=True, slots=True)
class News:
    """One of: the server's view of a model, the refusal of one by its index, a line on how things go, the end of it all."""

    view: Json | None = None
    refused: int | None = None
    ending: Ending | None = None
    line: str | None = None


class Crew:
    """Daemons, so that nothing holds the process back once it has been told to stop."""

    def __init__(self, server: Server, batch: str, zoo: Zoo) -> None:
        self.news: queue.SimpleQueue[News] = queue.SimpleQueue()
        self._server = server
        self._batch = batch
        self._zoo = zoo
        self._models = zoo.sendable()
        self._wanted: queue.SimpleQueue[int] = queue.SimpleQueue()
        server.tell = lambda line: self.news.put(News(line=line))

    def start(self, wanted: Iterable[int], parallel: int) -> None:
        """Send what is wanted, so many at once, and follow the batch."""
        for index in wanted:
            self._wanted.put(index)
        for work in (*[self._send_all] * parallel, self._follow):
            threading.Thread(target=self._until_broken, args=(work,), daemon=True).start()

    def _until_broken(self, work: Callable[[], None]) -> None:
        try:
            work()
        except Ending as ending:
            self.news.put(News(ending=ending))

    def _send_all(self) -> None:
        while not self._wanted.empty():
            try:
                index = self._wanted.get_nowait()
            except queue.Empty:
                return
            try:
                self._send(index)
            except Ending as ending:
                if ending.code == BROKEN:
                    raise
                self.news.put(News(refused=index, ending=ending))

    def _send(self, index: int) -> None:
        model = self._models[index]
        path = ("batches", self._batch, "models", str(index), "file")
        size_bytes = model.path.stat().st_size
        parcel = Parcel(model.path, size_bytes, *self._zoo.place, about={})
        send_part(self._server, path, Part(parcel, 1, size_bytes, threading.Event()))

    def _follow(self) -> None:
        """Tell each change, through breaks of the line; the server says at each beginning how all models are."""
        patience = self._server.patience()
        while True:
            try:
                for view in self._server.lines("batches", self._batch, "events"):
                    patience = self._server.patience()
                    self.news.put(News(view=view))
                time.sleep(AGAIN_SECONDS)
            except httpx.RequestError as error:
                self._server.pause(error, patience)
            except Ending as ending:
                if ending.code != BROKEN or not patience.pause(ending.lines[0]):
                    raise
