"""What the idle stack keeps in memory, process by process, and the peak of a scorer's child with a file of 200 MB.

PSS counts a page that processes share once, in parts: its sum is what the stack takes from the machine.
"""

import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.detections import as_text, drawn, true_boxes
from benchmarks.page import rewrite
from benchmarks.stages import within
from deploy.demo.running import DemoStack, bring_up
from deploy.stack.folder import Folder
from deploy.stack.stopping import stop
from services.scorer.sandbox.door import ENVIRONMENT, ROOT

FILE_BYTES = 200_000_000
ROW_BYTES = 49
IDLE_GOAL_MIB, FILE_GOAL_MIB = 700, 1536
MIB = 2**20


@dataclass(frozen=True, slots=True)
class Memory:
    """Of one process or several, in bytes."""

    resident: int
    shared_out: int


def main() -> None:
    """Measure, print the table, rewrite the section."""
    with tempfile.TemporaryDirectory() as folder:
        programs = _idle(Path(folder) / "stack")
        size, peak = _scored(Path(folder))
    whole = sum(each.shared_out for each in programs.values())
    rows = [f"| {name} | {m.resident / MIB:.0f} | {m.shared_out / MIB:.0f} |" for name, m in sorted(programs.items())]
    text = "\n".join(
        [
            "The one-machine stack at rest, each program with its children:",
            *("", "| program | RSS MiB | PSS MiB |", "|---|---|---|", *rows, ""),
            within("MiB of PSS in all", whole / MIB, IDLE_GOAL_MIB),
            "",
            f"Scoring a detection file of {size / 1e6:.0f} MB, the whole process at its peak.",
            within("MiB", peak / MIB, FILE_GOAL_MIB),
        ]
    )
    print(text)
    rewrite("idle", text)


def _idle(folder: Path) -> dict[str, Memory]:
    """The memory of each program of a fresh stack."""
    try:
        for line in bring_up(folder, ["--gateway-port", "0"]):
            print(line)
        return {name: memory_of(pid) for name, pid in DemoStack(folder).processes().items()}
    finally:
        stop(Folder(folder))


def memory_of(pid: int) -> Memory:
    """Of a process and all its children."""
    found = [_one(each) for each in family(pid)]
    return Memory(sum(each.resident for each in found), sum(each.shared_out for each in found))


def family(pid: int) -> list[int]:
    """A process and all that descend from it."""
    children = [
        int(child) for task in Path(f"/proc/{pid}/task").iterdir() for child in (task / "children").read_text().split()
    ]
    return [pid, *(one for child in children for one in family(child))]


def _one(pid: int) -> Memory:
    lines = [line.split() for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()]
    kib = {line[0]: int(line[1]) for line in lines[1:]}
    return Memory(1024 * kib["Rss:"], 1024 * kib["Pss:"])


MEASURED = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""
"""Runs a command and prints its peak in KiB. A process apart, because a command's peak counts that of its starter."""


def _scored(folder: Path) -> tuple[int, int]:
    """The size of a file, and the most that scoring it needs, by the sandbox's rules for memory."""
    truth, _ = true_boxes()
    data = as_text(*drawn(truth, FILE_BYTES // ROW_BYTES))
    (folder / "predictions").write_bytes(data)
    (folder / "truth").write_bytes(as_text(truth, np.ones(len(truth.images))))
    command = [sys.executable, "-m", "services.scorer", "score", "detection", "predictions", "truth"]
    environment = ENVIRONMENT | {"PYTHONPATH": str(ROOT)}
    starter = [sys.executable, "-c", MEASURED, *command]
    peak = subprocess.run(starter, cwd=folder, env=environment, check=True, capture_output=True).stdout
    return len(data), 1024 * int(peak)


if __name__ == "__main__":
    main()
