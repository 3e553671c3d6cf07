"""The first moments of every process that the stack starts: tie it to its parent, drop root, become the program.

Run as `python -I -S launcher.py PARENT_PID [--namespace | --user UID:GID] COMMAND…`. The tie is made last, because
Linux unties it when a process changes its user. Elsewhere than on Linux there is no tie: see `end_leftovers` in state.py.
"""

import ctypes
import os
import signal
import sys
from pathlib import Path

CLONE_NEWUSER = 0x10000000
PR_SET_PDEATHSIG = 1
REFUSED = 77
"""Exit status when this machine refuses user namespaces."""


def enter_namespace() -> None:
    """A user namespace in which we are user 1000, with no more rights outside than before and none inside."""
    uid, gid = os.getuid(), os.getgid()
    if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWUSER) != 0:
        sys.exit(REFUSED)
    try:
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"1000 {uid} 1")
        Path("/proc/self/gid_map").write_text(f"1000 {gid} 1")
    except OSError:
        sys.exit(REFUSED)


def become(user: str) -> None:
    """Switch to `uid:gid`, for good."""
    uid, gid = (int(part) for part in user.split(":"))
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)


def die_with(parent: int) -> None:
    """Have the kernel kill this process when `parent` ends, however it ends."""
    if sys.platform != "linux":
        return
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        sys.exit("the supervisor has gone")


def main() -> None:
    """Prepare this process and become the program."""
    parent, *rest = sys.argv[1:]
    if rest[0] == "--namespace":
        enter_namespace()
        del rest[:1]
    elif rest[0] == "--user":
        become(rest[1])
        del rest[:2]
    die_with(int(parent))
    try:
        os.execvp(rest[0], rest)  # noqa: S606  (no shell is what we want)
    except OSError as error:
        sys.exit(f"{rest[0]} cannot be started: {error}")


if __name__ == "__main__":
    main()
