"""The database's way back: a base, and the log played on to it up to a point."""

import dataclasses
import shutil
from pathlib import Path

from deploy.backup.bases import verify_base
from deploy.backup.place import Place
from deploy.backup.points import Point
from deploy.backup.receiver import major_version
from deploy.backup.verifying import log_files
from deploy.stack.addresses import Addresses
from deploy.stack.privileges import own, without_root
from deploy.stack.problem import Trouble
from deploy.stack.program import Program
from deploy.stack.servers.postgres import postgres

LOG = "log-to-play"
"""Beside the data, until it has been played."""


def lay_out(place: Place, point: Point, folder: Path) -> None:
    """Copy base and log to where PostgreSQL will look for them, in `folder`, its place in the stack."""
    source = place.base(point.base) / "data"
    _need_same_major(source)
    verify_base(source)
    data, log = folder / "data", folder / LOG
    folder.mkdir(mode=0o700)
    shutil.copytree(source, data)
    data.chmod(0o700)
    (data / "recovery.signal").touch()
    log.mkdir(mode=0o700)
    for segment in log_files(place, point):
        shutil.copy(segment, log / segment.name.removesuffix(".partial"))
    own(without_root(), folder, *folder.rglob("*"))


def _need_same_major(data: Path) -> None:
    theirs = (data / "PG_VERSION").read_text().strip()
    ours = major_version()
    if theirs != ours:
        raise Trouble(
            f"the backup is of PostgreSQL {theirs}, and this is {ours}",
            "restore it with the version of Holdout that made it, then see docs/operations.md on a new major version",
        )


def recovering(folder: Path, addresses: Addresses, point: Point) -> Program:
    """PostgreSQL, which lets nobody in before it has reached the point; then it goes on as if nothing had been."""
    program = postgres(folder, addresses)
    told = {
        "restore_command": f'cp "../{LOG}/%f" "%p"',
        "recovery_target_name": point.name,
        "recovery_target_action": "promote",
        "hot_standby": "off",
    }
    return dataclasses.replace(
        program, command=(*program.command, *(f"--{name}={text}" for name, text in told.items()))
    )


def tidy(folder: Path) -> None:
    """Delete the log that has been played."""
    shutil.rmtree(folder / LOG)
