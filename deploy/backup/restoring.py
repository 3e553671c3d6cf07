"""`restore`: a new folder for a stack, as everything was at a point; it appears whole or not at all."""

import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

from deploy.backup.catalogue import contents_of
from deploy.backup.mending import forget_lost_parts
from deploy.backup.place import Place
from deploy.backup.points import Point
from deploy.backup.recovery import lay_out, recovering, tidy
from deploy.backup.refilling import refill
from deploy.backup.servers import running
from deploy.stack.addresses import Addresses
from deploy.stack.checks import allow_open_files
from deploy.stack.files import write_private
from deploy.stack.folder import Folder
from deploy.stack.ports import choose_ports
from deploy.stack.problem import Trouble
from deploy.stack.secrets import keep_secrets
from deploy.stack.servers.seaweedfs import seaweedfs
from shared.storage import Storage

ANY_PORTS = {"gateway": 0}
"""The usual one may be somebody else's by now; the next `up` chooses again."""


def restore(place: Place, point: Point, target: Path, tell: Callable[[str], None]) -> None:
    """Bring `point` back into `target`, which must not exist. Nothing runs afterwards: `up` is the next step."""
    if target.exists():
        raise Trouble(
            f"{target} exists, and nothing is restored over anything",
            "give another folder with --folder, or move this one away",
        )
    allow_open_files()
    making = Folder(target.with_name(f"{target.name}.restoring"))
    shutil.rmtree(making.path, ignore_errors=True)
    making.make()
    try:
        _restore(place, point, making, tell)
    except BaseException:
        shutil.rmtree(making.path, ignore_errors=True)
        raise
    making.path.rename(target)


def _restore(place: Place, point: Point, folder: Folder, tell: Callable[[str], None]) -> None:
    contents = contents_of(place.catalogue(point.base), point.catalogue_bytes, point.catalogue_digest)
    write_private(folder.secrets, place.secrets(point.secrets).read_text())
    addresses = Addresses(choose_ports(folder.ports, ANY_PORTS), keep_secrets(folder.secrets))
    data = folder.data("postgres")
    lay_out(place, point, data)
    store = seaweedfs(folder.data("seaweedfs"), addresses)
    with (
        running(recovering(data, addresses, point), folder.log("postgres")) as database,
        running(store, folder.log("seaweedfs")) as storing,
        closing(Storage(addresses.storage_address("admin"))) as storage,
        ThreadPoolExecutor(1) as beside,
    ):
        storing.wait()
        refilled = beside.submit(refill, place, contents.objects, storage)
        database.wait()
        tell("the database is back")
        lost = forget_lost_parts(addresses, contents.objects)
        if lost:
            tell(f"{lost} parts of open uploads will be asked for again")
        refilled.result()
        tell(f"{len(contents.objects)} objects are back")
        for bucket, key in contents.lacking:
            tell(f"LACKING: {bucket}/{key} was listed and could not be read when the point was made")
    tidy(data)
    folder.ports.unlink()
