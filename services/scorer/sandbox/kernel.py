"""The few Linux calls that Python 3.11 lacks, by ctypes. Each raises `OSError` when the kernel refuses."""

import ctypes
import os
import platform
import sys

LINUX = sys.platform == "linux"
MACHINE = platform.machine()

CLONE = {
    "user": 0x10000000,
    "mount": 0x00020000,
    "ipc": 0x08000000,
    "network": 0x40000000,
    "pid": 0x20000000,
}
"""Namespaces by the name we give them, and their `CLONE_NEW…` flag (linux/sched.h)."""

PIVOT_ROOT = {"x86_64": 155, "aarch64": 41}
"""The system call without a C wrapper."""

MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REC, MS_PRIVATE = 1, 2, 4, 8, 0x4000, 0x40000
MNT_DETACH = 2
PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS = 1, 4, 22, 38
MADV_DONTNEED = 4
CAPABILITY_VERSION_3 = 0x20080522

_libc = ctypes.CDLL(None, use_errno=True)


def _checked(result: int) -> None:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def prctl(option: int, value: int, address: int = 0) -> None:
    """prctl(2)."""
    words = [ctypes.c_ulong(word) for word in (value, address, 0, 0)]
    _checked(_libc.prctl(ctypes.c_int(option), *words))


def unshare(flag: int) -> None:
    """unshare(2)."""
    _checked(_libc.unshare(ctypes.c_int(flag)))


def mount(source: bytes | None, target: bytes, kind: bytes | None, flags: int, options: bytes | None = None) -> None:
    """mount(2)."""
    _checked(_libc.mount(source, target, kind, ctypes.c_ulong(flags), options))


def pivot_root_here() -> None:
    """Make the working folder the root, and let go of the old one."""
    _checked(_libc.syscall(ctypes.c_long(PIVOT_ROOT[MACHINE]), b".", b"."))
    _checked(_libc.umount2(b".", MNT_DETACH))


def forget_pages(start: int, size: int) -> None:
    """madvise(2) with MADV_DONTNEED, of a mapping whose pages can be read again."""
    _checked(_libc.madvise(ctypes.c_void_p(start), ctypes.c_size_t(size), ctypes.c_int(MADV_DONTNEED)))


def drop_capabilities() -> None:
    """Give up every capability, for good once `PR_SET_NO_NEW_PRIVS` is set too."""
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
    nothing = (ctypes.c_uint32 * 6)()
    _checked(_libc.capset(header, nothing))
