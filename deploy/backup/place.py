"""The folder that holds a backup: where each file of it is, and the lock that lets one program at a time write there."""

import fcntl
import os
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from deploy.stack.problem import Trouble

SHELVES = 256
"""Objects are spread over so many folders, by the first two digits of their digest."""


@dataclass(frozen=True, slots=True)
class Place:
    """Closed to others: whoever can read it has every password, every file and the ground truth."""

    path: Path

    @property
    def points(self) -> Path:
        """Manifests, one a point: what is not named here is not (yet) part of the backup."""
        return self.path / "points"

    @property
    def bases(self) -> Path:
        """Copies of the whole database cluster, each with a catalogue of the objects since."""
        return self.path / "bases"

    @property
    def streams(self) -> Path:
        """The write-ahead log, a folder for each unbroken piece of it."""
        return self.path / "wal"

    def base(self, name: str) -> Path:
        """One copy of the cluster."""
        return self.bases / name

    def catalogue(self, base: str) -> Path:
        """Which objects there were, from that base on."""
        return self.base(base) / "catalogue.jsonl"

    def object(self, digest: str) -> Path:
        """The bytes of one object, by their digest."""
        return self.path / "objects" / digest[:2] / digest

    @property
    def incoming(self) -> Path:
        """Objects that are being copied."""
        return self.path / "objects" / "incoming"

    @property
    def wanted(self) -> Path:
        """Made by whoever wants a point now, deleted by the program that keeps the backup."""
        return self.path / "wanted"

    def secrets(self, digest: str) -> Path:
        """A `secrets.json`, by its digest."""
        return self.path / "secrets" / f"{digest}.json"

    def make(self) -> None:
        """Make the folder; raises `Trouble` when it cannot be used."""
        shelves = (self.path / "objects" / f"{shelf:02x}" for shelf in range(SHELVES))
        try:
            for folder in (self.path, self.points, self.bases, self.streams, self.path / "secrets", *shelves):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.incoming.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise Trouble(
                f"the backup's folder {self.path} cannot be written to: {error.strerror}",
                "give another one, or mend it",
            ) from error

    def need(self) -> None:
        """Raise `Trouble` where there is no backup."""
        if not self.points.is_dir():
            raise Trouble(
                f"there is no backup in {self.path}", "name the folder that `up --backup` or `--to` was given"
            )

    def take(self) -> IO[str] | None:
        """Lock the folder until the returned file is closed; None when another program writes there."""
        file = (self.path / "lock").open("a", encoding="utf-8")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.close()
            return None
        return file


def make_lasting(folder: Path) -> None:
    """Have the disk remember which files `folder` names."""
    number = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
