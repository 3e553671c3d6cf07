"""PostgreSQL refuses to run as root. As root we start it without root's rights; as anybody else, as ourselves."""

import os
import pwd
import subprocess
from pathlib import Path

from deploy.stack.launching import launched
from deploy.stack.problem import Trouble


def without_root() -> tuple[str, ...]:
    """The launcher's flags that give root up: none when we are not root, else a user namespace, else another user."""
    if os.geteuid() != 0:
        return ()
    if subprocess.run(launched(("true",), ("--namespace",)), capture_output=True).returncode == 0:
        return ("--namespace",)
    uid, gid = unprivileged_user()
    return ("--user", f"{uid}:{gid}")


def unprivileged_user() -> tuple[int, int]:
    """Who called sudo, else nobody."""
    if int(os.environ.get("SUDO_UID", "0")) > 0:
        return int(os.environ["SUDO_UID"]), int(os.environ.get("SUDO_GID", "65534"))
    nobody = pwd.getpwnam("nobody")
    return nobody.pw_uid, nobody.pw_gid


def own(launch: tuple[str, ...], *paths: Path) -> None:
    """Give `paths` to the user that `launch` switches to, if it does."""
    if launch[:1] == ("--user",):
        uid, gid = (int(part) for part in launch[1].split(":"))
        for path in paths:
            os.chown(path, uid, gid)


def let_through(launch: tuple[str, ...], stack: Path, *paths: Path) -> None:
    """See to it that the user that `launch` switches to, if it does, can reach `paths`.

    The stack's own folder is opened to passers-by, who can still neither list nor read it; other folders are not ours.
    """
    if launch[:1] != ("--user",):
        return
    stack.chmod(0o711)
    for path in paths:
        for parent in path.parents:
            if not parent.stat().st_mode & 0o001:
                raise Trouble(
                    f"user {launch[1].partition(':')[0]}, as whom PostgreSQL must run here, cannot get through {parent}",
                    f"run the stack as an ordinary user, or allow user namespaces, or `chmod o+x {parent}`, or keep "
                    "Holdout and its --folder where everybody gets through, such as /srv/holdout",
                )
