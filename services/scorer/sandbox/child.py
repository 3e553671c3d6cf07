"""One job in its own process: map the files, lock the door, score or only read, say the result, exit.

Frames to the worker: a letter (`s` stage, `r` report, `e` traceback), the length, the bytes.
"""

import fcntl
import mmap
import os
import signal
import struct
import traceback
from collections.abc import Callable
from dataclasses import dataclass

from services.scorer.sandbox import walls
from services.scorer.sandbox.brief import AnyBrief, Bounds, Brief, Descriptors, Purpose
from services.scorer.sandbox.endings import EXIT_ERROR, EXIT_MEMORY
from shared.challenge import Challenge
from shared.report import Check, Report

FRAME = struct.Struct("!cI")
STAGE, REPORT, TRACEBACK = b"s", b"r", b"e"
LONGEST_STAGE_BYTES = 64
LONGEST_TRACEBACK_BYTES = 16 * 1024

Target = Callable[..., Report | Check]
"""`evaluate` or `check` of `services.scorer.evaluate`, or what a test puts in its place."""


@dataclass(frozen=True, slots=True)
class Room:
    """What every child of one warm parent has in common."""

    targets: dict[Purpose, Target]
    bounds: Bounds
    baseline_bytes: int
    nothing: int
    """An open /dev/null."""


def live(room: Room, brief: AnyBrief, descriptors: Descriptors, parent: int) -> None:
    """Be the child. Never returns."""
    code = EXIT_ERROR
    try:
        walls.die_with_parent(parent)
        result = _keep_only(descriptors, room.nothing)
        code = _score(room, brief, result)
    finally:
        os._exit(code)


def _keep_only(descriptors: Descriptors, nothing: int) -> int:
    """Move what we need to 3 … 6, put nothing on 0 … 2, close all else; returns the result's descriptor."""
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    files = (descriptors.submission, descriptors.truth, descriptors.definition)
    wanted = (nothing, nothing, nothing, descriptors.result, *files)
    # First far out of the way, so that none is overwritten before it has moved.
    aside = [fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, 2 * len(wanted)) for descriptor in wanted]
    for place, descriptor in enumerate(aside):
        os.dup2(descriptor, place, inheritable=False)
    os.closerange(len(wanted), os.sysconf("SC_OPEN_MAX"))
    return 3


def _score(room: Room, brief: AnyBrief, result: int) -> int:
    """Score or read, and report; returns the exit code."""
    try:
        submission, truth = _mapped(4), _mapped(5)
        definition = os.pread(6, os.fstat(6).st_size, 0)
        os.close(6)
        walls.lock_down(room.bounds, room.baseline_bytes)
        # In the order of the arguments after the submission: labels for one that is only read, and no truth.
        known = (truth, brief.provenance) if isinstance(brief, Brief) else (brief.labels, None)
        report = room.targets[brief.purpose](
            Challenge.model_validate_json(definition),
            brief.task,
            brief.split,
            submission,
            *known,
            lambda stage: _say(result, STAGE, stage.encode()[:LONGEST_STAGE_BYTES]),
        )
        _say(result, REPORT, report.canonical())
    except MemoryError:
        return EXIT_MEMORY
    except BaseException:  # noqa: BLE001  (whatever it is, the worker logs it)
        _say(result, TRACEBACK, traceback.format_exc().encode()[-LONGEST_TRACEBACK_BYTES:])
        return EXIT_ERROR
    return 0


def _mapped(descriptor: int) -> bytes | mmap.mmap:
    """The file's bytes without copying them; an empty file cannot be mapped. (Python's map keeps a descriptor open.)"""
    size = os.fstat(descriptor).st_size
    mapped = mmap.mmap(descriptor, size, access=mmap.ACCESS_READ) if size else b""
    os.close(descriptor)
    return mapped


def _say(result: int, kind: bytes, payload: bytes) -> None:
    rest = memoryview(FRAME.pack(kind, len(payload)) + payload)
    while rest:
        rest = rest[os.write(result, rest) :]
