"""Keeps a backup: receives the database's log all the time, and every few seconds publishes a point with its objects."""

import shutil
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from deploy.backup.bases import Base, all_bases, take_base
from deploy.backup.catalogue import Catalogue, Kept, Where
from deploy.backup.cluster import Cluster
from deploy.backup.copying import Copier
from deploy.backup.place import Place
from deploy.backup.points import Point, publish, stamp
from deploy.backup.receiver import Receiver
from deploy.backup.retention import forget_old_bases
from deploy.stack.addresses import Addresses
from deploy.stack.files import write_private
from shared.clock import Clock
from shared.digests import digest_of
from shared.storage import Storage


@dataclass(frozen=True, slots=True)
class Plan:
    """How often there is a point and a base, and how many bases are remembered."""

    point_seconds: float = 30.0
    base_hours: float = 24.0
    bases: int = 3


@dataclass(frozen=True, slots=True)
class Source:
    """What is backed up: the servers at `addresses`, and the file that holds their secrets."""

    addresses: Addresses
    secrets: Path


class Keeping:
    """One backup of one stack. In the main thread; `place` is locked for us. `tell` takes lines for people."""

    def __init__(self, source: Source, place: Place, plan: Plan, tell: Callable[[str], None], clock: Clock) -> None:
        self._source = source
        self._place = place
        self._plan = plan
        self._tell = tell
        self._clock = clock
        self._cluster = Cluster(source.addresses)
        self._storage = Storage(source.addresses.storage_address("backup"))
        self._copier = Copier(self._storage, place, tell)
        self._receiver: Receiver | None = None
        self._base: Base | None = None
        self._catalogue: Catalogue | None = None

    def point(self) -> Point:
        """Publish a point of this moment. Raises what the servers' absence raises; the next call goes on from there.

        The mark comes before the copying: what the database names at the mark is in the store then, or was at the last
        listing. What is gone from the store is therefore noted only after the point.
        """
        stream = self._receive()
        base, catalogue = self._based_on(stream)
        secrets = self._keep_secrets()
        at = self._clock()
        name = stamp(at)
        lsn = self._cluster.mark(name)
        gone = self._copier.copy_new(catalogue)
        self._cluster.wait_for_arrival(lsn)
        point = Point(
            name=name,
            at=at,
            base=base.name,
            stream=stream,
            lsn=lsn,
            secrets=secrets,
            catalogue_bytes=catalogue.length,
            catalogue_digest=catalogue.digest,
            objects=len(catalogue.objects),
            object_bytes=sum(kept.size_bytes for kept in catalogue.objects.values()),
            lacking=len(catalogue.lacking),
        )
        publish(self._place, point)
        for where in gone:
            catalogue.gone(where)
        return point

    def close(self, for_good: bool = False) -> None:
        """Stop; the database holds its log back until somebody goes on, or not if this is `for_good`."""
        if self._receiver is not None:
            self._receiver.stop()
        if for_good:
            self._cluster.let_the_log_go()
        if self._catalogue is not None:
            self._catalogue.close()
        self._storage.close()

    def _receive(self) -> str:
        """See to it that the log is being received; returns the stream's name: a new one after any gap."""
        receiver = self._receiver
        if receiver is not None and receiver.runs:
            return receiver.folder.name
        stream = self._stream_to_go_on_with()
        self._receiver = Receiver(self._cluster, self._place.streams / stream)
        return stream

    def _stream_to_go_on_with(self) -> str:
        identity = self._cluster.identity()
        mine = sorted(path.name for path in self._place.streams.glob(f"{identity}-*"))
        if mine and self._cluster.holds_the_log():
            return mine[-1]
        self._cluster.hold_the_log()
        stream = f"{identity}-{stamp(self._clock())}"
        (self._place.streams / stream).mkdir(mode=0o700)
        return stream

    def _based_on(self, stream: str) -> tuple[Base, Catalogue]:
        """The base that points stand on now: a new one when the last is old, or of another stream."""
        bases = all_bases(self._place)
        last = bases[-1] if bases else None
        if last is None or last.stream != stream or self._is_old(last):
            last = self._new_base(stream, last)
        if self._base != last or self._catalogue is None:
            self._base, self._catalogue = last, Catalogue(self._place.catalogue(last.name))
        return last, self._catalogue

    def _is_old(self, base: Base) -> bool:
        taken = datetime.strptime(base.name, "%Y%m%dT%H%M%S.%f%z")
        return self._clock() - taken >= timedelta(hours=self._plan.base_hours)

    def _new_base(self, stream: str, last: Base | None) -> Base:
        base = Base(name=stamp(self._clock()), stream=stream)
        take_base(self._place, self._cluster, base, self._objects_until(last))
        self._tell(f"base {base.name} taken and verified")
        for name in forget_old_bases(self._place, self._plan.bases):
            self._tell(f"base {name} was the oldest and has been deleted, with its points")
        return base

    def _objects_until(self, last: Base | None) -> Mapping[Where, Kept]:
        if last is None:
            return {}
        if self._catalogue is not None and self._base == last:
            # What it has not written yet would not be read.
            self._catalogue.close()
            return self._catalogue.objects
        with closing(Catalogue(self._place.catalogue(last.name))) as catalogue:
            return catalogue.objects

    def _keep_secrets(self) -> str:
        content = self._source.secrets.read_bytes()
        digest = digest_of(content)
        path = self._place.secrets(digest)
        if not path.exists():
            write_private(path, content.decode())
        return digest


def clear_incoming(place: Place) -> None:
    """Delete what a killed program was just copying."""
    shutil.rmtree(place.incoming, ignore_errors=True)
    place.incoming.mkdir(mode=0o700)
