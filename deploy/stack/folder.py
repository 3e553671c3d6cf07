"""The folder that holds a stack, `./.holdout` by default: secrets, ports, data, logs, and the lock that makes it one."""

import fcntl
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from pydantic import ValidationError

from deploy.stack.files import write_private
from deploy.stack.problem import Trouble
from deploy.stack.processes import Life, alive, life_of

LEAST_FREE_BYTES = 2**30
"""PostgreSQL and SeaweedFS stop in ugly ways on a full disk; better not to start."""


@dataclass(frozen=True, slots=True)
class Folder:
    """Where each file of the stack is."""

    path: Path

    @property
    def secrets(self) -> Path:
        """Passwords and keys; see secrets.py."""
        return self.path / "secrets.json"

    @property
    def ports(self) -> Path:
        """The ports of the last start; see ports.py."""
        return self.path / "ports.json"

    @property
    def state(self) -> Path:
        """What runs; see state.py."""
        return self.path / "state.json"

    @property
    def lock(self) -> Path:
        """Locked by the supervisor as long as it lives; says who that is."""
        return self.path / "lock"

    @property
    def control(self) -> Path:
        """The socket at which the supervisor takes orders; see control.py."""
        return self.path / "control"

    def log(self, name: str) -> Path:
        """What the program `name` says, or the supervisor itself as `stack`."""
        return self.path / "logs" / f"{name}.log"

    def data(self, name: str) -> Path:
        """What the program `name` keeps."""
        return self.path / name

    def make(self) -> None:
        """Make the folder, closed to others; raises `Trouble` when it cannot be used."""
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.log("stack").parent.mkdir(mode=0o700, exist_ok=True)
            write_private(self.path / "writable", "")
            (self.path / "writable").unlink()
        except OSError as error:
            raise Trouble(
                f"{self.path} cannot be written to: {error.strerror}",
                "give another one with --folder, or mend its owner and mode",
            ) from error
        free_bytes = shutil.disk_usage(self.path).free
        if free_bytes < LEAST_FREE_BYTES:
            raise Trouble(
                f"the disk of {self.path} has only {free_bytes / 2**20:.0f} MiB free",
                "free at least 1 GiB there, or give a folder on another disk with --folder",
            )

    def supervisor(self) -> Life | None:
        """The supervisor that holds this folder now, if any."""
        try:
            life = Life.model_validate_json(self.lock.read_bytes())
        except (OSError, ValidationError):
            return None
        return life if alive(life) else None

    def take(self) -> IO[str]:
        """Lock the folder for this process; the lock is held until the returned file is closed or we end."""
        file = self.lock.open("a", encoding="utf-8")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.close()
            holder = self.supervisor()
            who = f"process {holder.pid}" if holder else "another process"
            raise Trouble(
                f"a stack already runs in {self.path} ({who})",
                "look at it with `python -m deploy.stack status`, stop it with `python -m deploy.stack down`, or "
                "start a second one elsewhere with --folder",
            ) from None
        file.truncate(0)
        file.write(_myself().model_dump_json())
        file.flush()
        return file


def _myself() -> Life:
    life = life_of(os.getpid())
    assert life is not None, "we run"
    return life
