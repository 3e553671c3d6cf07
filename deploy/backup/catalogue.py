"""Which objects there were: a log that only grows, one line of JSON for each that came or went; a point is a length of it.

A line is `["put", bucket, key, digest, bytes, mark]`, `["gone", bucket, key]`, or `["lacks", bucket, key]` for one that
the store lists and does not give.
"""

import hashlib
import json
import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
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


@dataclass(slots=True)
class Contents:
    """What there is: `objects`, and those that are `lacking`, whoever was asked for longest ago first."""

    objects: dict[Where, Kept] = field(default_factory=dict)
    lacking: dict[Where, None] = field(default_factory=dict)

    def put(self, where: Where, kept: Kept) -> None:
        """It is here now."""
        self.lacking.pop(where, None)
        self.objects[where] = kept

    def gone(self, where: Where) -> None:
        """The store has it no longer."""
        self.lacking.pop(where, None)
        self.objects.pop(where, None)

    def lacks(self, where: Where) -> bool:
        """The store does not give it; whether that is new. What was here of it before stays."""
        known = where in self.lacking
        self.lacking.pop(where, None)
        self.lacking[where] = None
        return not known


def contents_of(path: Path, length: int, digest: str) -> Contents:
    """What the first `length` bytes of a catalogue name; raises `Trouble` unless these have `digest`."""
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


def _folded(lines: Iterable[bytes]) -> Contents:
    contents = Contents()
    for line in lines:
        word, bucket, key, *rest = json.loads(line)
        if word == "put":
            contents.put((bucket, key), Kept(*rest))
        elif word == "lacks":
            contents.lacks((bucket, key))
        else:
            contents.gone((bucket, key))
    return contents


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
        self._contents = _folded(whole.splitlines())
        self.length = len(whole)
        for where, kept in (begin_with or {}).items():
            self.put(where, kept)

    @property
    def objects(self) -> Mapping[Where, Kept]:
        """What is here."""
        return self._contents.objects

    @property
    def lacking(self) -> Collection[Where]:
        """What the store does not give, whoever was asked for longest ago first."""
        return self._contents.lacking

    @property
    def digest(self) -> str:
        """Of all that has been written so far."""
        return self._sha.hexdigest()

    def put(self, where: Where, kept: Kept) -> None:
        """Note an object that is here now."""
        self._contents.put(where, kept)
        self._append(["put", *where, kept.digest, kept.size_bytes, kept.mark])

    def gone(self, where: Where) -> None:
        """Note that the store has it no longer. Its bytes stay as long as a base remembers them."""
        self._contents.gone(where)
        self._append(["gone", *where])

    def lacks(self, where: Where) -> bool:
        """Note that the store lists it and does not give it; whether that is new."""
        new = self._contents.lacks(where)
        if new:
            self._append(["lacks", *where])
        return new

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
