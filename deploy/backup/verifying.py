"""`verify`: whether everything that a point needs is here and as it was, read again from the first byte to the last."""

import hashlib
from collections.abc import Collection, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from deploy.backup.bases import place_in_log, stretch, verify_base
from deploy.backup.catalogue import Where, contents_of
from deploy.backup.place import Place
from deploy.backup.points import Point
from deploy.backup.receiver import SEGMENT_BYTES
from deploy.stack.problem import Trouble

THREADS = 2
SHOWN = 20
"""Of the objects that a point lacks."""

REMEDY = "restore an older point, and keep a new backup elsewhere"


def verify_point(place: Place, point: Point) -> None:
    """Raise `Trouble` naming the first thing that is missing or damaged."""
    verify_base(place.base(point.base) / "data")
    for segment in log_files(place, point):
        if segment.stat().st_size != SEGMENT_BYTES:
            raise Trouble(f"{segment} is not whole", REMEDY)
    _verify(place.secrets(point.secrets), point.secrets)
    contents = contents_of(place.catalogue(point.base), point.catalogue_bytes, point.catalogue_digest)
    _verify_all(place, {kept.digest for kept in contents.objects.values()})
    _need_all(point, contents.lacking)


def log_files(place: Place, point: Point) -> list[Path]:
    """The files of the log from the base to the point; raises `Trouble` when one is missing."""
    folder = place.streams / point.stream
    found = []
    for name in stretch(place, point.base).segments(place_in_log(point.lsn)):
        # The one that is being written has another name until it is full.
        candidates = [path for path in (folder / name, folder / f"{name}.partial") if path.exists()]
        if not candidates:
            raise Trouble(f"{folder / name} is missing", REMEDY)
        found.append(candidates[0])
    return found


def _need_all(point: Point, lacking: Collection[Where]) -> None:
    if lacking:
        named = [*("/".join(where) for where in list(lacking)[:SHOWN]), *(["…"] if len(lacking) > SHOWN else [])]
        raise Trouble(
            f"all that point {point.name} has is whole, but it lacks {len(lacking)} objects that the store did not give: "
            + ", ".join(named),
            "look at S3's disk and log; a restore of this point names what it lacks, and an older one may have it",
        )


def _verify_all(place: Place, digests: Iterable[str]) -> None:
    with ThreadPoolExecutor(THREADS) as pool:
        for _ in pool.map(lambda digest: _verify(place.object(digest), digest), sorted(digests)):
            pass


def _verify(path: Path, digest: str) -> None:
    try:
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise Trouble(f"{path} cannot be read: {error.strerror}", REMEDY) from error
    if found != digest:
        raise Trouble(f"{path} is damaged", REMEDY)
