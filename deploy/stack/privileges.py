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
    """Give `paths` to the user that `launch` switches to, if it does; the folders above must let that user through."""
    if launch[:1] != ("--user",):
        return
    uid, gid = (int(part) for part in launch[1].split(":"))
    for path in paths:
        os.chown(path, uid, gid)
    for parent in paths[0].parents:
        if not parent.stat().st_mode & 0o001:
            raise Trouble(
                f"user {uid}, as whom PostgreSQL must run here, may not pass through {parent}",
                f"run the stack as an ordinary user, or allow user namespaces, or `chmod o+x {parent}`, or give "
                "--folder a place that everybody may pass through, such as /var/lib/holdout",
            )
