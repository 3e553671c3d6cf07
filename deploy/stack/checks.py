"""What this machine lacks, found before anything is started, with how to mend it."""

import resource

from deploy.stack.problem import Trouble

LEAST_OPEN_FILES, WANTED_OPEN_FILES = 1024, 65_536
"""SeaweedFS alone holds a few hundred; each upload and each waiting client takes one more."""


def allow_open_files() -> None:
    """Raise this process's limit of open files, which its children inherit, as far as we may."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = WANTED_OPEN_FILES if hard == resource.RLIM_INFINITY else min(hard, WANTED_OPEN_FILES)
    if most < LEAST_OPEN_FILES:
        raise Trouble(
            f"a process may open only {hard} files here; the servers need {LEAST_OPEN_FILES}",
            "raise it: `ulimit -Hn 65536` as root, or `nofile` in /etc/security/limits.conf",
        )
    if soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
