"""Brings the objects of all buckets here: what is new in a listing is copied, in parallel; what is not there is told."""

import hashlib
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

from deploy.backup.catalogue import Catalogue, Kept, Where
from deploy.backup.place import Place
from shared.errors import Missing
from shared.keys import BUCKETS
from shared.storage import Listed, Storage

THREADS = 8
"""More do not help on two processors; each holds a block of 1 MiB."""

PROBE = ".ready"
"""What the stack writes and deletes when it asks whether a bucket takes objects."""


class Copier:
    """Copies from `storage` to `place`."""

    def __init__(self, storage: Storage, place: Place) -> None:
        self._storage = storage
        self._place = place

    def copy_new(self, catalogue: Catalogue) -> list[Where]:
        """Copy what `catalogue` does not know, and note it there; returns what it knows and the store has no longer.

        Objects do not change under their key; one that did has another mark, and is copied again.
        """
        gone = set(catalogue.objects)
        fresh: list[tuple[str, Listed]] = []
        for bucket, listed in self._listed():
            gone.discard((bucket, listed.key))
            kept = catalogue.objects.get((bucket, listed.key))
            if kept is None or kept.mark != listed.mark:
                fresh.append((bucket, listed))
        with ThreadPoolExecutor(THREADS) as pool:
            for where, kept in pool.map(lambda one: self._copied(*one), fresh):
                if kept is not None:
                    catalogue.put(where, kept)
        catalogue.make_lasting()
        return sorted(gone)

    def _listed(self) -> Iterator[tuple[str, Listed]]:
        for bucket in BUCKETS:
            for listed in self._storage.listed(bucket):
                if listed.key != PROBE:
                    yield bucket, listed

    def _copied(self, bucket: str, listed: Listed) -> tuple[Where, Kept | None]:
        where = (bucket, listed.key)
        coming = self._place.incoming / uuid4().hex
        sha = hashlib.sha256()
        try:
            with coming.open("xb") as file:
                for block in self._storage.blocks(bucket, listed.key, listed.size_bytes):
                    sha.update(block)
                    file.write(block)
                file.flush()
                os.fsync(file.fileno())
            coming.replace(self._place.object(sha.hexdigest()))
        except Missing:
            # Deleted since the listing.
            return where, None
        finally:
            coming.unlink(missing_ok=True)
        return where, Kept(sha.hexdigest(), listed.size_bytes, listed.mark)
