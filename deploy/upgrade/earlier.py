"""An earlier version, out of the repository's history into a folder of its own, run with this environment's packages."""

import os
import subprocess
import sys
from pathlib import Path

from deploy.demo.running import LOOPBACK
from deploy.demo.telling import Failed
from deploy.stack.programs import ROOT


def newest_tag() -> str:
    """The last released version; raises `Failed` when there is none."""
    describe = ("git", "describe", "--tags", "--abbrev=0", "--match", "v*")
    done = subprocess.run(describe, cwd=ROOT, capture_output=True, text=True)
    if done.returncode != 0:
        raise Failed("no version is tagged yet: name a revision with --from")
    return done.stdout.strip()


def export(revision: str, folder: Path) -> None:
    """The files of `revision`, as they were."""
    folder.mkdir()
    with subprocess.Popen(("git", "archive", revision), cwd=ROOT, stdout=subprocess.PIPE) as archive:
        subprocess.run(("tar", "-x", "-C", str(folder)), stdin=archive.stdout, check=True)
    if archive.returncode != 0:
        raise Failed(f"{revision} is no revision of this repository")


def run(tree: Path, module: str, *arguments: str) -> str:
    """What `python -m MODULE …` prints in `tree`, this one or an earlier; raises `Failed` when it does."""
    command = (sys.executable, "-m", module, *arguments)
    done = subprocess.run(command, cwd=tree, capture_output=True, text=True, env=os.environ | LOOPBACK)
    if done.returncode != 0:
        raise Failed(f"{module} {' '.join(arguments)} failed in {tree}:\n{done.stdout}{done.stderr}")
    return done.stdout
