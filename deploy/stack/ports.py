"""Ports of the stack: given, or kept from the last start, or any free one; all on 127.0.0.1."""

import json
import random
import socket
from collections.abc import Iterable, Mapping
from pathlib import Path

from deploy.stack.files import write_private
from deploy.stack.problem import Trouble

NAMES = ("gateway", "quota", "postgres", "valkey", "s3", "master", "volume", "filer", "admin")

HOST = "127.0.0.1"
"""Nothing of the stack listens anywhere else."""

RANGE = range(12_000, 22_000)
"""Below the ports that systems hand out to outgoing connections, also after SeaweedFS has added 10,000."""

TWIN = 10_000
"""SeaweedFS listens on each of its ports plus this; we keep the twin of every port free."""

GATEWAY = 8000
"""Where people look first."""


def free(port: int) -> bool:
    """Whether nobody listens on `port`."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def answers(port: int) -> bool:
    """Whether somebody listens on `port`."""
    try:
        socket.create_connection((HOST, port), timeout=1).close()
    except OSError:
        return False
    return True


def read_ports(path: Path) -> dict[str, int]:
    """The ports of the last start; none when there was none."""
    try:
        return {str(name): int(port) for name, port in json.loads(path.read_text()).items()}
    except (OSError, ValueError, AttributeError):
        return {}


def choose_ports(path: Path, given: Mapping[str, int | None]) -> dict[str, int]:
    """A port for each of NAMES, kept in `path`. A given one that is taken is refused; 0 means any free one."""
    for name, port in given.items():
        if port and not free(port):
            raise Trouble(
                f"port {port}, asked for by --{name}-port, is taken by another process or not ours to take",
                f"stop that process, or leave --{name}-port out to take any free port",
            )
    kept = read_ports(path)
    chosen: dict[str, int] = {}
    for name in NAMES:
        usual = GATEWAY if name == "gateway" else 0
        wishes = (kept.get(name, 0), usual) if given.get(name) is None else (given[name] or 0,)
        chosen[name] = _first_free(wishes, chosen.values())
    write_private(path, json.dumps(chosen, indent=2))
    return chosen


def _first_free(wishes: Iterable[int], taken: Iterable[int]) -> int:
    used = {port + offset for port in taken for offset in (-TWIN, 0, TWIN)}
    for wish in wishes:
        if wish and wish not in used and free(wish):
            return wish
    # Random, so that two stacks starting in the same moment do not want the same ones.
    for port in random.sample(RANGE, 200):
        if port not in used and free(port) and free(port + TWIN):
            return port
    raise Trouble(f"no free port between {RANGE.start} and {RANGE.stop}", "stop something that listens there")
