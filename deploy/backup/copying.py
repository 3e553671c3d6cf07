"""Brings the objects of all buckets here: what is new in a listing is copied, in parallel; what is not there is told.

One object that the store lists and does not give costs no point: it is named, noted as lacking, and asked for again.
"""

import hashlib
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

from deploy.backup.catalogue import Catalogue, Kept, Where
from deploy.backup.place import Place
from shared.errors import Broken, HoldoutError, Missing, TooLarge
from shared.keys import BUCKETS
from shared.storage import Listed, Storage

THREADS = 8
"""More do not help on two processors; each holds a block of 1 MiB."""

AGAIN = 64
"""So many of the lacking are asked for again at each point: each costs seconds, and there may be thousands."""

PROBE = ".ready"
"""What the stack writes and deletes when it asks whether a bucket takes objects."""


class Copier:
    """Copies from `storage` to `place`. `tell` takes lines for people."""

    def __init__(self, storage: Storage, place: Place, tell: Callable[[str], None]) -> None:
        self._storage = storage
        self._place = place
        self._tell = tell

    def copy_new(self, catalogue: Catalogue) -> list[Where]:
        """Copy what `catalogue` does not know, and note it there; returns what it knows and the store has no longer.

        Objects do not change under their key; one that did has another mark, and is copied again.
        """
        gone = {*catalogue.objects, *catalogue.lacking}
        fresh: dict[Where, Listed] = {}
        for bucket, listed in self._listed():
            where = (bucket, listed.key)
            gone.discard(where)
            kept = catalogue.objects.get(where)
            if kept is None or kept.mark != listed.mark:
                fresh[where] = listed
        again = [(where, fresh.pop(where)) for where in catalogue.lacking if where in fresh][:AGAIN]
        with ThreadPoolExecutor(THREADS) as pool:
            for where, found in pool.map(lambda one: self._copied(*one), [*fresh.items(), *again]):
                self._note(catalogue, where, found)
        catalogue.make_lasting()
        return sorted(gone)

    def _note(self, catalogue: Catalogue, where: Where, found: Kept | HoldoutError | None) -> None:
        if isinstance(found, Kept):
            catalogue.put(where, found)
        elif found is not None and catalogue.lacks(where):
            self._tell(f"{'/'.join(where)} is listed and cannot be read: {found.sentence}")

    def _listed(self) -> Iterator[tuple[str, Listed]]:
        for bucket in BUCKETS:
            for listed in self._storage.listed(bucket):
                if listed.key != PROBE:
                    yield bucket, listed

    def _copied(self, where: Where, listed: Listed) -> tuple[Where, Kept | HoldoutError | None]:
        """The object, what keeps us from it, or None where it has been deleted since the listing."""
        try:
            return where, self._copy(where, listed)
        except (Missing, Broken, TooLarge) as error:
            # Raises where the store as a whole does not answer: then there is no point now.
            return where, error if self._is_listed(*where) else None

    def _copy(self, where: Where, listed: Listed) -> Kept:
        coming = self._place.incoming / uuid4().hex
        sha = hashlib.sha256()
        try:
            with coming.open("xb") as file:
                for block in self._storage.blocks(*where, listed.size_bytes, checked=True):
                    sha.update(block)
                    file.write(block)
                file.flush()
                os.fsync(file.fileno())
            coming.replace(self._place.object(sha.hexdigest()))
        finally:
            coming.unlink(missing_ok=True)
        return Kept(sha.hexdigest(), listed.size_bytes, listed.mark)

    def _is_listed(self, bucket: str, key: str) -> bool:
        return any(listed.key == key for listed in self._storage.listed(bucket, key))
