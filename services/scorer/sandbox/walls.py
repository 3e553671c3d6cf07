"""The walls round the sandbox: namespaces for the warm parent, rlimits and seccomp for each child.

Not Linux, or an unusual processor: rlimits only, and the boot line says so.
"""

import contextlib
import os
import resource
import signal
from pathlib import Path

from services.scorer.sandbox import kernel, seccomp
from services.scorer.sandbox.brief import Bounds

OPEN_FILES = 16
"""A child opens nothing; it comes with four descriptors."""


def filtered() -> bool:
    """Whether children get a system call filter here."""
    return kernel.LINUX and kernel.MACHINE in seccomp.CALLS


def enter_namespaces() -> tuple[list[str], list[str]]:
    """Leave the machine's users, files, network, IPC and processes, as far as allowed: (entered, refused) by name.

    `pid` takes effect with the next fork. Must run while single-threaded.
    """
    if not kernel.LINUX:
        return [], list(kernel.CLONE)
    uid, gid = os.geteuid(), os.getegid()
    entered: list[str] = []
    refused: list[str] = []
    for name, flag in kernel.CLONE.items():
        try:
            kernel.unshare(flag)
            if name == "user":
                _map_ourselves(uid, gid)
            if name == "mount":
                _leave_files_behind()
        except OSError:
            refused.append(name)
        else:
            entered.append(name)
    return entered, refused


def _map_ourselves(uid: int, gid: int) -> None:
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{uid} {uid} 1")
    Path("/proc/self/gid_map").write_text(f"{gid} {gid} 1")


def _leave_files_behind() -> None:
    """Make an empty, read-only folder the root. Whatever is needed has been imported by now."""
    kernel.mount(None, b"/", None, kernel.MS_REC | kernel.MS_PRIVATE)
    empty = kernel.MS_RDONLY | kernel.MS_NOSUID | kernel.MS_NODEV | kernel.MS_NOEXEC
    kernel.mount(b"tmpfs", b"/tmp", b"tmpfs", empty, b"size=4k")
    os.chdir("/tmp")  # noqa: S108
    kernel.pivot_root_here()
    os.chdir("/")


def die_with_parent(parent: int) -> None:
    """Be killed when `parent` dies (Linux); exit at once when it is dead already."""
    if kernel.LINUX:
        kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)
    # 0 is a parent outside our process namespace.
    if os.getppid() not in (parent, 0):
        os._exit(1)


def give_up_rights() -> None:
    """No capabilities, none to be gained by any means, and no looking into our memory by others."""
    if kernel.LINUX:
        kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
        kernel.prctl(kernel.PR_SET_DUMPABLE, 0)
        kernel.drop_capabilities()


def address_space_bytes() -> int:
    """How much address space this process has (Linux; else 0, and the limit then does not bind)."""
    if not kernel.LINUX:
        return 0
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    return pages * resource.getpagesize()


def offer_to_the_oom_killer() -> None:
    """When the machine runs out of memory, let a child of ours die and not the worker."""
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")


def lock_down(bounds: Bounds, baseline_bytes: int) -> None:
    """Put the limits and the filter on this child. There is no way back."""
    cpu = bounds.cpu_seconds
    _limit(resource.RLIMIT_CPU, cpu, cpu + 1)
    _limit(resource.RLIMIT_FSIZE, 0)
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_NOFILE, OPEN_FILES)
    _limit(resource.RLIMIT_NPROC, 0)
    if baseline_bytes:
        _limit(resource.RLIMIT_AS, baseline_bytes + bounds.memory_bytes)
    if filtered():
        seccomp.install(seccomp.program(kernel.MACHINE))


def _limit(what: int, soft: int, hard: int | None = None) -> None:
    ceiling = resource.getrlimit(what)[1]
    wanted = [soft, soft if hard is None else hard]
    lowered = [value if ceiling == resource.RLIM_INFINITY else min(value, ceiling) for value in wanted]
    resource.setrlimit(what, (lowered[0], lowered[1]))
