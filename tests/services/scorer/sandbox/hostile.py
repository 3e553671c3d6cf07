"""Stand-ins for `evaluate` and `check` that misbehave, for the sandbox to hold: each is called as they are."""

import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from shared.challenge import Challenge, Numbering
from shared.report import Check, Provenance, Report

KEPT: list[bytes] = []


def warm() -> None:
    """Nothing to warm."""


def _report(definition: Challenge, task: str, split: str, provenance: Provenance, told: dict[str, float]) -> Report:
    return Report(
        outcome="scored",
        challenge=definition.name,
        version=definition.version,
        task=task,
        split=split,
        protocol=definition.tasks[task].protocol,
        headline=definition.tasks[task].headline,
        metrics=told,
        provenance=provenance,
    )


Misdeed = Callable[[bytes, Callable[[str], None]], dict[str, float]]


def _misbehaving(misdeed: Misdeed) -> Any:
    def evaluate(
        definition: Challenge,
        task: str,
        split: str,
        predictions: bytes,
        truth: bytes,
        provenance: Provenance,
        stage: Callable[[str], None],
    ) -> Report:
        told = misdeed(predictions[:], stage)
        return _report(definition, task, split, provenance, told)

    return evaluate


def _error_number(deed: Callable[[], object]) -> float:
    """The errno with which `deed` fails; 0 when it does not."""
    try:
        deed()
    except OSError as error:
        return float(error.errno or -1)
    return 0.0


def _behaves(predictions: bytes, stage: Callable[[str], None]) -> dict[str, float]:
    stage("read")
    numbers = np.frombuffer(predictions, np.uint8).astype(np.float64)
    stage("count")
    return {"bytes": float(numbers.size), "sum": float(np.sort(numbers).sum())}


def _tries_all_doors(predictions: bytes, stage: Callable[[str], None]) -> dict[str, float]:
    libc = ctypes.CDLL(None, use_errno=True)

    def execute() -> None:
        os.execv(sys.executable, ["python"])  # noqa: S606

    def trace() -> None:
        if libc.ptrace(0, 0, 0, 0) < 0:
            raise OSError(ctypes.get_errno(), "ptrace")

    deeds: dict[str, Callable[[], object]] = {
        "open_for_reading": lambda: os.open("/etc/passwd", os.O_RDONLY),
        "open_for_writing": lambda: os.open("/tmp/left-behind", os.O_CREAT | os.O_WRONLY),
        "list_files": lambda: os.listdir("/"),
        "connect": lambda: socket.socket().connect(("127.0.0.1", int(predictions))),
        "fork": os.fork,
        "run": lambda: subprocess.run(["/bin/true"], check=False),
        "execute": execute,
        "trace": trace,
        "kill_parent": lambda: os.kill(os.getppid(), signal.SIGKILL),
        "kill_all": lambda: os.kill(-1, signal.SIGKILL),
        "run_code": lambda: __import__("mmap").mmap(-1, 4096, prot=4),
    }
    return {name: _error_number(deed) for name, deed in deeds.items()}


def _tells_what_it_has(predictions: bytes, stage: Callable[[str], None]) -> dict[str, float]:
    """Which environment variables and descriptors are here; a seek on an open socket or file fails otherwise."""
    closed = 9
    told = {f"variable {name}": 1.0 for name in os.environ}
    seeks = {number: _error_number(partial(os.lseek, number, 0, os.SEEK_CUR)) for number in range(1024)}
    return told | {f"descriptor {number}": 1.0 for number, error in seeks.items() if error != closed}


def _takes_memory(predictions: bytes, stage: Callable[[str], None]) -> dict[str, float]:
    KEPT.append(bytes(np.ones(2**32, np.uint8)))
    return {}


def _takes_memory_bit_by_bit(predictions: bytes, stage: Callable[[str], None]) -> dict[str, float]:
    while True:
        KEPT.append(b"x" * 2**20)


def _spins(predictions: bytes, stage: Callable[[str], None]) -> dict[str, float]:
    while True:
        pass


def _spins_stubbornly(predictions: bytes, stage: Callable[[str], None]) -> dict[str, float]:
    signal.signal(signal.SIGXCPU, signal.SIG_IGN)
    return _spins(predictions, stage)


def _sleeps(predictions: bytes, stage: Callable[[str], None]) -> dict[str, float]:
    stage("asleep")
    while True:
        time.sleep(1000)


def _says_too_much(predictions: bytes, stage: Callable[[str], None]) -> dict[str, float]:
    return {f"metric {number}": 0.0 for number in range(200_000)}


def _chatters(predictions: bytes, stage: Callable[[str], None]) -> dict[str, float]:
    while True:
        stage("again")


def _crashes(predictions: bytes, stage: Callable[[str], None]) -> dict[str, float]:
    ctypes.string_at(0)
    return {}


def _leaves(predictions: bytes, stage: Callable[[str], None]) -> dict[str, float]:
    os._exit(0)


def _mistaken(predictions: bytes, stage: Callable[[str], None]) -> dict[str, float]:
    raise KeyError("a mistake of ours")


def _by_content(predictions: bytes, stage: Callable[[str], None]) -> dict[str, float]:
    """Misbehaves as the file says, so that one sandbox can be tried with good and bad files."""
    name = predictions.decode()
    return MISDEEDS[name](predictions, stage) if name in MISDEEDS else _behaves(predictions, stage)


MISDEEDS: dict[str, Misdeed] = {
    "takes-memory": _takes_memory,
    "takes-memory-bit-by-bit": _takes_memory_bit_by_bit,
    "spins": _spins,
    "spins-stubbornly": _spins_stubbornly,
    "sleeps": _sleeps,
    "says-too-much": _says_too_much,
    "chatters": _chatters,
    "crashes": _crashes,
    "leaves": _leaves,
    "mistaken": _mistaken,
}

behaves = _misbehaving(_behaves)
tries_all_doors = _misbehaving(_tries_all_doors)
tells_what_it_has = _misbehaving(_tells_what_it_has)
by_content = _misbehaving(_by_content)


def check_by_content(
    definition: Challenge,
    task: str,
    split: str,
    predictions: bytes,
    labels: Numbering,
    truth: None,
    stage: Callable[[str], None],
) -> Check:
    """Counts what the misdeed told, if it comes back from it; a file may ask for another task, or for too long an answer."""
    counts = {name: int(value) for name, value in _by_content(predictions[:], stage).items()}
    counts["truths"] = int(truth is not None)
    about = "another" if predictions[:] == b"lies" else task
    told = Check(outcome="accepted", task=about, split=split, labels=labels, counts=counts)
    return told.model_copy(update={"challenge": "x" * 50_000}) if predictions[:] == b"talks" else told
