"""Signals to a program with everything that it has started, wherever these have put themselves."""

import contextlib
import os
import signal
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def family(pid: int) -> list[int]:
    """The process and all its descendants, parents first."""
    children = defaultdict(list)
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            # After the name, in parentheses: the state, then the parent.
            parent = int(stat.read_text().rpartition(")")[2].split()[1])
            children[parent].append(int(stat.parent.name))
    found = [pid]
    for one in found:
        found.extend(children[one])
    return found


@contextmanager
def frozen(pid: int) -> Iterator[None]:
    """The whole family stands still for the length of the block, as on a machine that is out of breath."""
    stopped = family(pid)
    for one in stopped:
        _send(one, signal.SIGSTOP)
    try:
        yield
    finally:
        for one in reversed(stopped):
            _send(one, signal.SIGCONT)


def _send(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)
