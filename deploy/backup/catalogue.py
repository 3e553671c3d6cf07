"""Which objects there were: a log that only grows, one line of JSON for each that came or went; a point is a length of it.

A line is `["put", bucket, key, digest, bytes, mark]` or `["gone", bucket, key]`.
"""

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from deploy.stack.problem import Trouble

Where = tuple[str, str]
"""Bucket and key."""


@dataclass(frozen=True, slots=True)
class Kept:
    """One object: what its bytes are, and what the store's listing calls them."""

    digest: str
    size_bytes: int
    mark: str


def objects_of(path: Path, length: int, digest: str) -> dict[Where, Kept]:
    """The objects that the first `length` bytes of a catalogue name; raises `Trouble` unless these have `digest`."""
    with path.open("rb") as file:
        content = file.read(length)
    if len(content) < length or hashlib.sha256(content).hexdigest() != digest:
        raise Trouble(f"{path} is damaged", "restore an older point, of another base")
    return _folded(content.splitlines())


def digests_in(path: Path) -> Iterator[str]:
    """The digest of every object that a catalogue has ever named."""
    with path.open("rb") as file:
        for line in file:
            if line.startswith(b'["put"') and line.endswith(b"\n"):
                yield json.loads(line)[3]


def _folded(lines: Iterable[bytes]) -> dict[Where, Kept]:
    objects: dict[Where, Kept] = {}
    for line in lines:
        word, bucket, key, *rest = json.loads(line)
        if word == "put":
            objects[bucket, key] = Kept(*rest)
        else:
            objects.pop((bucket, key), None)
    return objects


class Catalogue:
    """A catalogue being written, by one program. What a crash has left half-written is dropped."""

    def __init__(self, path: Path, begin_with: Mapping[Where, Kept] | None = None) -> None:
        self._file = path.open("a+b")
        os.fchmod(self._file.fileno(), 0o600)
        self._file.seek(0)
        content = self._file.read()
        whole = content[: content.rfind(b"\n") + 1]
        self._file.truncate(len(whole))
        self._sha = hashlib.sha256(whole)
        self.objects = _folded(whole.splitlines())
        self.length = len(whole)
        for where, kept in (begin_with or {}).items():
            self.put(where, kept)

    @property
    def digest(self) -> str:
        """Of all that has been written so far."""
        return self._sha.hexdigest()

    def put(self, where: Where, kept: Kept) -> None:
        """Note an object that is here now."""
        self.objects[where] = kept
        self._append(["put", *where, kept.digest, kept.size_bytes, kept.mark])

    def gone(self, where: Where) -> None:
        """Note that the store has it no longer. Its bytes stay as long as a base remembers them."""
        del self.objects[where]
        self._append(["gone", *where])

    def make_lasting(self) -> None:
        """Have the disk remember every line."""
        self._file.flush()
        os.fsync(self._file.fileno())

    def close(self) -> None:
        """Write out, and let the file go."""
        self._file.close()

    def _append(self, entry: list[str | int]) -> None:
        line = json.dumps(entry).encode() + b"\n"
        self._file.write(line)
        self._sha.update(line)
        self.length += len(line)
