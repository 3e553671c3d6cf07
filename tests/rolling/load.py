"""Runs one client of each kind in a thread of its own, for as long as a block lasts."""

import random
import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager

from deploy.demo.visitor import Visitor
from tests.rolling.clients import KINDS, Client, work
from tests.rolling.record import Record


@contextmanager
def under_load(url: str, visitors: Mapping[str, Visitor], seed: int) -> Iterator[Record]:
    """The clients at work, each for the visitor of its kind; what they asked and what came of it."""
    record = Record()
    clients = []
    for number, (kind, (_, kept)) in enumerate(KINDS.items()):
        visitor, chance = visitors[kind], random.Random(seed * 1000 + number)
        clients.append(Client(url, visitor.key, visitor.split, record, threading.Event(), kind, kept, chance))
    with ThreadPoolExecutor(len(clients)) as threads:
        working = [threads.submit(work, client, KINDS[client.kind][0]) for client in clients]
        try:
            yield record
        finally:
            _stop(clients, working)


def _stop(clients: Sequence[Client], working: Sequence[Future[None]]) -> None:
    """Let all finish what they are at; raises what broke one of them."""
    # The last one follows events and looks up only when there are some: the others still see to that.
    clients[-1].stop.set()
    wait([working[-1]])
    for client in clients:
        client.stop.set()
    for one in working:
        one.result()
