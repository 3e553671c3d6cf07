"""The warm parent: forks a child per brief, kills it at its deadline, tells the worker how it ended.

One thread, one loop. When the worker goes away, so does everything here.
"""

import contextlib
import os
import selectors
import signal
import socket
import time
from dataclasses import dataclass

from services.scorer.sandbox import child
from services.scorer.sandbox.brief import AnyBrief, Descriptors, receive_brief
from services.scorer.sandbox.endings import Ended


@dataclass(slots=True)
class Running:
    """A child at work."""

    pid: int
    status: socket.socket
    begun: float
    deadline: float
    late: bool = False


class WarmParent:
    """The loop. `serve` returns when the worker is gone."""

    def __init__(self, control: socket.socket, room: child.Room) -> None:
        self._control = control
        self._room = room
        self._children: dict[int, Running] = {}
        self._selector = selectors.DefaultSelector()
        self._deaths, deaths = socket.socketpair()
        for end in (self._deaths, deaths):
            end.setblocking(False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(deaths.fileno(), warn_on_full_buffer=False)
        self._deaths_keep = deaths
        self._selector.register(control, selectors.EVENT_READ, None)
        self._selector.register(self._deaths, selectors.EVENT_READ, None)

    def serve(self) -> None:
        """Work until the control socket ends; then kill what runs."""
        try:
            while self._turn():
                pass
        finally:
            for running in self._children.values():
                os.kill(running.pid, signal.SIGKILL)

    def _turn(self) -> bool:
        for key, _ in self._selector.select(self._patience_seconds()):
            if key.fileobj is self._control:
                received = receive_brief(self._control)
                if received is None:
                    return False
                self._begin(*received)
            elif key.data is not None:
                self._forsake(key.data)
        self._reap()
        self._kill_the_late()
        return True

    def _patience_seconds(self) -> float | None:
        """Until the next deadline; None while nothing runs."""
        deadlines = [running.deadline for running in self._children.values() if not running.late]
        return max(0.0, min(deadlines) - time.monotonic()) if deadlines else None

    def _begin(self, brief: AnyBrief, descriptors: Descriptors) -> None:
        parent = os.getpid()
        begun = time.monotonic()
        pid = os.fork()
        if pid == 0:
            child.live(self._room, brief, descriptors, parent)
        for descriptor in (descriptors.submission, descriptors.truth, descriptors.definition, descriptors.result):
            os.close(descriptor)
        status = socket.socket(fileno=descriptors.status)
        running = Running(pid, status, begun, begun + self._room.bounds.wall_seconds)
        self._children[pid] = running
        self._selector.register(status, selectors.EVENT_READ, running)

    def _forsake(self, running: Running) -> None:
        """The worker closed its end: nobody waits for this child any more."""
        self._selector.unregister(running.status)
        if running.pid in self._children:
            os.kill(running.pid, signal.SIGKILL)

    def _kill_the_late(self) -> None:
        now = time.monotonic()
        for running in self._children.values():
            if not running.late and now >= running.deadline:
                running.late = True
                os.kill(running.pid, signal.SIGKILL)

    def _reap(self) -> None:
        with contextlib.suppress(BlockingIOError):
            self._deaths.recv(4096)
        while self._children:
            pid, status, usage = os.wait4(-1, os.WNOHANG)
            if pid == 0:
                return
            running = self._children.pop(pid, None)
            if running is not None:
                cpu = usage.ru_utime + usage.ru_stime
                self._tell(running, _ended(running, status, cpu, usage.ru_maxrss * 1024))

    def _tell(self, running: Running, ended: Ended) -> None:
        with contextlib.suppress(KeyError):
            self._selector.unregister(running.status)
        with running.status, contextlib.suppress(OSError):
            running.status.sendall(ended.model_dump_json().encode())


def _ended(running: Running, status: int, cpu_seconds: float, peak_bytes: int) -> Ended:
    code = os.waitstatus_to_exitcode(status)
    killed = code < 0
    return Ended(
        how="wall" if killed and running.late else "signal" if killed else "exit",
        code=abs(code),
        wall_seconds=time.monotonic() - running.begun,
        cpu_seconds=cpu_seconds,
        peak_bytes=peak_bytes,
    )
