"""Which process is which: a number alone may have gone to another process since, so it is kept with its start time."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from shared.model import Model

POLL_SECONDS = 0.02


class Life(Model):
    """One process, from its start to its end; `mark` tells it from any other that ever has the same `pid`."""

    pid: int
    mark: str


def life_of(pid: int) -> Life | None:
    """The process that has `pid` now; None when there is none or only its remains (a zombie)."""
    mark = _linux_mark(pid) if sys.platform == "linux" else _ps_mark(pid)
    return Life(pid=pid, mark=mark) if mark else None


def alive(life: Life) -> bool:
    """Whether that very process still runs."""
    return life_of(life.pid) == life


def send(life: Life, number: signal.Signals) -> None:
    """Signal that very process; none there is fine."""
    if alive(life):
        with contextlib.suppress(ProcessLookupError):
            os.kill(life.pid, number)


def gone_within(life: Life, seconds: float) -> bool:
    """Wait until the process has ended; False when it still runs after `seconds`."""
    deadline = time.monotonic() + seconds
    while alive(life):
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_SECONDS)
    return True


def end_group(leader: int) -> None:
    """Kill what a dead process left in its group. A group with members keeps its number from being given away."""
    if life_of(leader) is None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(leader, signal.SIGKILL)


def _linux_mark(pid: int) -> str | None:
    try:
        # The name, in parentheses, may hold spaces; after it come the state (field 3) … the start time (field 22).
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    return None if fields[0] in "ZX" else f"{boot}:{fields[19]}"


def _ps_mark(pid: int) -> str | None:
    answer = subprocess.run(("ps", "-o", "stat=,lstart=", "-p", str(pid)), capture_output=True, text=True).stdout
    state, _, started = answer.strip().partition(" ")
    return None if not started or state.startswith("Z") else started.strip()
