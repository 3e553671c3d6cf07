"""Bases: copies of the whole database cluster that its log is played on to, each verified before it counts."""

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from deploy.backup.catalogue import Catalogue, Kept, Where
from deploy.backup.cluster import Cluster
from deploy.backup.place import Place
from deploy.backup.receiver import SEGMENT_BYTES, run
from deploy.stack.files import write_private
from shared.model import Model


class Base(Model):
    """A copy of the cluster and the `stream` of log that goes on from it."""

    name: str
    stream: str


@dataclass(frozen=True, slots=True)
class Stretch:
    """The log that a copy needs to be whole, as PostgreSQL's manifest of it says."""

    timeline: int
    start: int

    def segments(self, end: int) -> list[str]:
        """The names of the log's files from here to `end`, which is part of the last one."""
        numbers = range(self.start // SEGMENT_BYTES, max(self.start, end - 1) // SEGMENT_BYTES + 1)
        each = 2**32 // SEGMENT_BYTES
        return [f"{self.timeline:08X}{number // each:08X}{number % each:08X}" for number in numbers]


def place_in_log(lsn: str) -> int:
    """`A/B`, as PostgreSQL writes it, as a number of bytes."""
    high, low = lsn.split("/")
    return int(high, 16) << 32 | int(low, 16)


def take_base(place: Place, cluster: Cluster, base: Base, objects: Mapping[Where, Kept]) -> None:
    """Copy the cluster, verify the copy, and begin a catalogue with `objects`; it appears whole or not at all."""
    making = place.bases / "making"
    shutil.rmtree(making, ignore_errors=True)
    making.mkdir(mode=0o700)
    options = ("--checkpoint=fast", "--wal-method=stream", "--manifest-checksums=SHA256", "--no-password")
    data = making / "data"
    run("pg_basebackup", f"--pgdata={data}", f"--dbname={cluster.open_url}", *options, password=cluster.password)
    verify_base(data)
    catalogue = Catalogue(making / "catalogue.jsonl", objects)
    catalogue.make_lasting()
    catalogue.close()
    write_private(making / "base.json", base.model_dump_json())
    making.rename(place.base(base.name))


def verify_base(data: Path) -> None:
    """Raise `Trouble` when a file of the copy is not as PostgreSQL's manifest says."""
    run("pg_verifybackup", "--exit-on-error", "--quiet", str(data))


def all_bases(place: Place) -> list[Base]:
    """Every base, oldest first."""
    found = sorted(place.bases.glob("*/base.json"))
    return [Base.model_validate_json(path.read_bytes()) for path in found if path.parent.name != "making"]


def stretch(place: Place, base: str) -> Stretch:
    """Where the log must begin to bring this base on."""
    manifest = json.loads((place.base(base) / "data" / "backup_manifest").read_bytes())
    (needed,) = manifest["WAL-Ranges"]
    return Stretch(needed["Timeline"], place_in_log(needed["Start-LSN"]))
