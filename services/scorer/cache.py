"""Truths and definitions on local disk, by digest, so that S3 is asked once; and files that are wanted only once.

May be shared by scorers on one machine, and emptied at any time: an open file stays readable when its name is gone.
"""

import hashlib
import os
import tempfile
from pathlib import Path
from typing import BinaryIO

from shared.clock import Clock
from shared.storage import Storage

LEFTOVER_SECONDS = 3600
"""A file that has been coming in for so long was left by a scorer that died: no download is given that much time."""

Mark = tuple[int, int, int]
"""By which a file that was verified is known again: its inode, time of change and size."""


class Cache:
    """A folder of at most `limit_bytes`, the files wanted longest ago leaving first. All calls block; thread-safe.

    What is in folders of it belongs to others (compiled kernels), and is not counted.
    """

    def __init__(self, storage: Storage, folder: Path, limit_bytes: int, clock: Clock) -> None:
        self._storage = storage
        self._folder = folder
        self._limit_bytes = limit_bytes
        self._clock = clock
        self._verified: dict[str, Mark] = {}
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._remove_leftovers()

    def open_kept(self, bucket: str, key: str, digest: str, limit_bytes: int) -> BinaryIO:
        """An object that will be wanted again: from disk when it is there and still has its digest, else from S3."""
        kept = self._open_verified(digest)
        if kept is not None:
            return kept
        incoming = self._fetch(bucket, key, digest, limit_bytes)
        try:
            file = incoming.open("rb")
            incoming.replace(self._folder / digest)
        finally:
            incoming.unlink(missing_ok=True)
        self._remember(file, digest)
        self._make_room()
        return file

    def open_once(self, bucket: str, key: str, digest: str, limit_bytes: int) -> BinaryIO:
        """An object for this one use: it has no name any more when this returns, and is gone when closed."""
        incoming = self._fetch(bucket, key, digest, limit_bytes)
        try:
            return incoming.open("rb")
        finally:
            incoming.unlink()

    def _fetch(self, bucket: str, key: str, digest: str, limit_bytes: int) -> Path:
        handle, name = tempfile.mkstemp(prefix="incoming-", dir=self._folder)
        os.close(handle)
        self._storage.fetch(bucket, key, Path(name), digest, limit_bytes)
        return Path(name)

    def _open_verified(self, digest: str) -> BinaryIO | None:
        try:
            file = (self._folder / digest).open("rb")
        except FileNotFoundError:
            return None
        if self._verified.get(digest) != _mark(file) and hashlib.file_digest(file, "sha256").hexdigest() != digest:
            file.close()
            return None
        file.seek(0)
        self._remember(file, digest)
        return file

    def _remember(self, file: BinaryIO, digest: str) -> None:
        """Note that `file` is good and was wanted now."""
        moment = self._clock().timestamp()
        os.utime(file.fileno(), (moment, moment))
        self._verified[digest] = _mark(file)

    def _make_room(self) -> None:
        kept = [(path, state) for path, state in self._files() if not path.name.startswith("incoming-")]
        excess = sum(state.st_size for _, state in kept) - self._limit_bytes
        for path, state in sorted(kept, key=lambda item: item[1].st_mtime_ns):
            if excess <= 0:
                return
            path.unlink(missing_ok=True)
            excess -= state.st_size

    def _remove_leftovers(self) -> None:
        oldest = self._clock().timestamp() - LEFTOVER_SECONDS
        for path, state in self._files():
            if path.name.startswith("incoming-") and state.st_mtime < oldest:
                path.unlink(missing_ok=True)

    def _files(self) -> list[tuple[Path, os.stat_result]]:
        found = []
        for entry in os.scandir(self._folder):
            if entry.is_dir():
                continue
            try:
                found.append((Path(entry.path), entry.stat()))
            except FileNotFoundError:
                continue
        return found


def _mark(file: BinaryIO) -> Mark:
    state = os.fstat(file.fileno())
    return (state.st_ino, state.st_mtime_ns, state.st_size)
