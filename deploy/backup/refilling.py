"""The objects' way back: each is read, its digest looked at, and put into the store, in parallel."""

import hashlib
from concurrent.futures import ThreadPoolExecutor

from deploy.backup.catalogue import Kept, Where
from deploy.backup.place import Place
from deploy.backup.verifying import REMEDY
from deploy.stack.problem import Trouble
from shared.storage import BLOCK_BYTES, Storage

THREADS = 8


def refill(place: Place, objects: dict[Where, Kept], storage: Storage) -> None:
    """Put every one of `objects` into `storage`; raises `Trouble` at one that is damaged, which is not put."""

    def put(entry: tuple[Where, Kept]) -> None:
        _put(place, entry, storage)

    with ThreadPoolExecutor(THREADS) as pool:
        for _ in pool.map(put, objects.items()):
            pass


def _put(place: Place, entry: tuple[Where, Kept], storage: Storage) -> None:
    (bucket, key), kept = entry
    upload, sha = storage.upload(bucket, key), hashlib.sha256()
    try:
        with place.object(kept.digest).open("rb") as file:
            while block := file.read(BLOCK_BYTES):
                sha.update(block)
                upload.write(block)
    except OSError as error:
        raise Trouble(f"{place.object(kept.digest)} cannot be read: {error.strerror}", REMEDY) from error
    if sha.hexdigest() != kept.digest:
        raise Trouble(f"{place.object(kept.digest)} is damaged", REMEDY)
    upload.finish()
