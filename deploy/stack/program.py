"""What one program of the stack is, as data: how to start it, when it is ready, what must be ready before it."""

import re
import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

READY = re.compile(r"(?<!not )\bready\b")


def says_ready(output: str) -> bool:
    """Ready when the program has logged so, in lines or as JSON; for programs that listen on no port."""
    return READY.search(output) is not None


def nothing() -> None:
    """No preparation."""


def never(_: str) -> bool:
    """What a program says does not mean that it is lost."""
    return False


@dataclass(frozen=True, slots=True)
class Program:
    """One process of the stack.

    `prepare` runs before each start. `ready` is asked again and again, with what the program has logged since its
    start, until it answers True; both run in a thread and may block. A program that runs `once` is ready when it has
    ended well. `port` is where people reach it, if anywhere. `launch` are flags of `deploy/stack/launcher.py`.
    After `stop_signal` it has `stop_seconds` to end by itself. `lost` is asked every few seconds, with what it has logged
    since it was asked last: True when it will not recover by itself, and is to be started again.

    A program that `overlaps` may have a successor beside it for a while: each of its processes says itself when it is
    ready (readiness.py), and `ready` is not asked. `listens_as` is the variable in which its processes find the number
    of a listening socket on `port`, which the supervisor holds (listening.py).
    """

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    folder: Path
    ready: Callable[[str], bool] = says_ready
    prepare: Callable[[], None] = nothing
    needs: tuple[str, ...] = ()
    once: bool = False
    port: int | None = None
    launch: tuple[str, ...] = ()
    stop_signal: signal.Signals = signal.SIGTERM
    stop_seconds: float = 10.0
    lost: Callable[[str], bool] = never
    overlaps: bool = False
    listens_as: str = ""
