"""Whether the object storage takes what we write, as this process has seen it: asked before the body of an upload is.

After a write that failed, bodies are refused until a trial of a few bytes gets through; one is made every other second.
"""

import contextlib
from collections.abc import Iterator
from uuid import uuid4

from services.gateway.breaker import Breaker
from shared import keys
from shared.errors import Broken, Unavailable
from shared.storage import Storage

TRIAL = b"trial"


class Shelf:
    """Remembers how the last write ended. Thread-safe."""

    def __init__(self, storage: Storage, breaker: Breaker) -> None:
        self._storage = storage
        self._breaker = breaker

    @property
    def is_open(self) -> bool:
        """Whether the last write got through."""
        return not self._breaker.is_silent

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        """Round every write of a body: a failure of ours closes the shelf, a success opens it."""
        try:
            yield
        except Broken:
            self._breaker.timed_out()
            raise
        self._breaker.answered()

    def check(self) -> None:
        """Raise `Unavailable` unless it takes something now; may wait for the storage as long as a write does."""
        if self.is_open:
            return
        if not self._breaker.may_call():
            raise Unavailable("storage-unavailable", "the object storage takes no file at the moment")
        key = keys.trial_key(uuid4())
        with self.writing():
            self._storage.put(keys.SUBMISSIONS, key, TRIAL)
            self._storage.delete(keys.SUBMISSIONS, key)
