"""Disks: room and inodes of the folders of data that are on this machine, and whether S3 takes and gives back an object."""

import os
import tempfile
import time
from pathlib import Path
from uuid import uuid4

from services.gateway.doctor.findings import Finding, ok, skipped, trouble, warning
from services.gateway.doctor.patient import Patient, Untold
from shared import keys
from shared.errors import HoldoutError

NAME = "disks"
LEAST_BYTES, FEW_BYTES = 2**30, 5 * 2**30
LEAST_SHARE, FEW_SHARE = 0.02, 0.1
"""Of inodes."""

PROBE_BYTES = 64 * 1024


def check_disks(patient: Patient) -> list[Finding]:
    """Every folder that we were told of, the one for temporary files, and S3."""
    folders = [*patient.folders, Path(tempfile.gettempdir())]
    return [*(look_at(folder) for folder in folders), _probe(patient)]


def look_at(folder: Path) -> Finding:
    """How much room there is for the data in `folder`."""
    try:
        disk = os.statvfs(folder)
    except OSError as error:
        return trouble(NAME, f"{folder} cannot be looked at: {error.strerror}", "name a folder that is there")
    free_bytes = disk.f_bavail * disk.f_frsize
    share = disk.f_favail / disk.f_files if disk.f_files else 1.0
    saw = f"{folder} has {free_bytes / 2**30:.1f} GiB and {share:.0%} of its inodes free"
    mend = "free some, or move the data to a larger disk; a full one stops every server"
    if free_bytes < LEAST_BYTES or share < LEAST_SHARE:
        return trouble(NAME, saw, mend)
    if free_bytes < FEW_BYTES or share < FEW_SHARE:
        return warning(NAME, saw, mend)
    return ok(NAME, saw)


def _probe(patient: Patient) -> Finding:
    """An object that goes in, comes out the same, and is deleted."""
    key, content = f".doctor-{uuid4()}", os.urandom(PROBE_BYTES)
    try:
        with patient.storage() as storage:
            began = time.monotonic()
            try:
                storage.put(keys.SUBMISSIONS, key, content)
                same = storage.read(keys.SUBMISSIONS, key, PROBE_BYTES) == content
            finally:
                storage.delete(keys.SUBMISSIONS, key)
    except Untold as error:
        return skipped(NAME, f"S3: {error}")
    except HoldoutError as error:
        return trouble(NAME, f"S3 does not keep an object: {error.sentence}", "look at the disk and the log of S3")
    if not same:
        return trouble(NAME, "S3 gave back other bytes than it was given", "stop it, and look at its disk and memory")
    return ok(NAME, f"S3 keeps, gives back and deletes an object in {1000 * (time.monotonic() - began):.0f} ms")
