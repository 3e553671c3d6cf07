"""A small disk for the stack's folder, so that it can be filled: a tmpfs that this process mounts where it may."""

import ctypes
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SIZE_BYTES = 1280 * 2**20
"""The stack wants 1 GiB free to start. Memory is taken only by what is written, and while the disk is full."""

CLONE_NEWNS = 0x00020000
BLOCK_BYTES = 2**20


class Disk:
    """A mounted disk, in `path`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._ballast = path / "ballast"

    @contextmanager
    def full(self) -> Iterator[None]:
        """Without a free byte for the length of the block."""
        try:
            self._fill()
            yield
        finally:
            self._ballast.unlink(missing_ok=True)

    def _fill(self) -> None:
        with self._ballast.open("wb", buffering=0) as ballast:
            size = BLOCK_BYTES
            while size >= 1:
                try:
                    ballast.write(bytes(size))
                except OSError:
                    size //= 2


@contextmanager
def small_disk(path: Path) -> Iterator[Disk]:
    """A disk of its own mounted at `path`, seen by this process and its children alone where the kernel allows."""
    _hide_mounts()
    path.mkdir(parents=True, exist_ok=True)
    options = f"size={SIZE_BYTES},mode=0700"
    subprocess.run(("mount", "-t", "tmpfs", "-o", options, "tmpfs", str(path)), check=True, capture_output=True)
    try:
        yield Disk(path)
    finally:
        subprocess.run(("umount", "--lazy", str(path)), check=False, capture_output=True)


def why_no_disk() -> str:
    """Why no disk can be mounted here; empty when it can."""
    if sys.platform != "linux":
        return "small disks are mounted on Linux only"
    if os.geteuid() != 0:
        return "mounting a small disk needs root"
    tried = subprocess.run(
        ("unshare", "--mount", "mount", "-t", "tmpfs", "tmpfs", "/mnt"), capture_output=True, text=True
    )
    return "" if tried.returncode == 0 else f"mounting is not allowed here: {tried.stderr.strip()}"


def _hide_mounts() -> None:
    """Mounts of this thread and of what it starts are nobody else's, and go with it."""
    # To be called in the main thread: the supervisor is started by it.
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNS) == 0:
        subprocess.run(("mount", "--make-rprivate", "/"), check=False, capture_output=True)
