"""One process of a program, from its start to its end; what it says goes to the program's log."""

import asyncio
import os
import socket
import subprocess
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO

from deploy.stack.launching import launched
from deploy.stack.logs import put_aside
from deploy.stack.problem import Trouble
from deploy.stack.processes import POLL_SECONDS, end_group, life_of
from deploy.stack.program import Program
from deploy.stack.readiness import ReadyPipe

NEWS_BYTES = 2**20

LAST_LINES = 15
"""Of a log, shown when a program fails to start."""

START_SECONDS = 120.0
"""Longest start of a program that stays: a busy machine is slow, but a program that takes longer is broken."""

ONCE_SECONDS = 3600.0
"""A program that runs once may have a long work to do: a migration builds its indexes in it."""

SHORT = "look whether the disk is full, or the machine is short of memory, processes or open files"
"""What to do when the machine refuses something."""

REFUSALS = (OSError, RuntimeError)
"""How it refuses: the second is what Python says when it gives no thread."""


class Child:
    """Started when made, inside a running event loop and in the main thread; `ended` is set when it has ended."""

    def __init__(self, program: Program, log: Path, listening: socket.socket | None = None) -> None:
        # Linux ties a child's life to the THREAD that started it, so it must be the one that lives longest.
        assert threading.current_thread() is threading.main_thread()
        self.ended = asyncio.Event()
        self._program = program
        self._log = log
        self._pipe = ReadyPipe()
        handed = {self._pipe.variable: self._pipe.there}
        if listening is not None:
            handed[program.listens_as] = listening.fileno()
        self._log_start = self._log_heard = 0
        put_aside(log)
        try:
            self._process = self._begun(handed)
        except OSError:
            self._pipe.close()
            raise
        finally:
            self._pipe.is_handed_over()
        self.life = life_of(self._process.pid)
        self._have_it_awaited()

    @property
    def status(self) -> str:
        """How it ended, in words."""
        code = self._process.returncode
        return f"killed by signal {-code}" if code is not None and code < 0 else f"exit status {code}"

    def output(self) -> str:
        """Everything that the program has said since this process started."""
        with self._log.open("rb") as log:
            log.seek(_still_there(self._log_start, log))
            return log.read().decode(errors="replace")

    def news(self) -> str:
        """What the program has said since this was asked last, up to a megabyte of it."""
        with self._log.open("rb") as log:
            log.seek(_still_there(self._log_heard, log))
            said = log.read(NEWS_BYTES)
            self._log_heard = log.tell()
        return said.decode(errors="replace")

    async def until_ready(self) -> None:
        """Wait until it is; raises `Trouble`, with the end of what it has said, when it is not in time, and kills it."""
        try:
            await self._until_ready()
        except REFUSALS as error:
            await self.kill()
            raise Trouble(f"{self._program.name} cannot be watched while it starts: {error}", SHORT) from error

    async def _until_ready(self) -> None:
        most = ONCE_SECONDS if self._program.once else START_SECONDS
        deadline = time.monotonic() + most
        while not await self._looks_ready():
            if self.ended.is_set():
                raise self._trouble(f"died while starting ({self.status})")
            if time.monotonic() > deadline:
                await self.kill()
                raise self._trouble(f"was not ready after {most:.0f} s")
            await asyncio.sleep(POLL_SECONDS)

    async def stop(self, seconds: float) -> bool:
        """End it: asked first, killed when it takes longer than `seconds`; True when it went by itself."""
        self._process.send_signal(self._program.stop_signal)
        try:
            async with asyncio.timeout(seconds):
                await self.ended.wait()
        except TimeoutError:
            await self.kill()
            return False
        return True

    async def kill(self) -> None:
        """End it at once."""
        self._process.kill()
        await self.ended.wait()

    def _begun(self, handed: Mapping[str, int]) -> subprocess.Popen[bytes]:
        with self._log.open("ab") as output:
            self._log_start = self._log_heard = output.tell()
            return subprocess.Popen(
                launched(self._program.command, self._program.launch),
                env=dict(self._program.environment) | {name: str(number) for name, number in handed.items()},
                cwd=self._program.folder,
                pass_fds=tuple(handed.values()),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    def _have_it_awaited(self) -> None:
        try:
            threading.Thread(target=self._wait, args=(asyncio.get_running_loop(),), daemon=True).start()
        except RuntimeError:
            # No more threads: nobody would ever know of it.
            self._process.kill()
            self._process.wait()
            self._pipe.close()
            raise

    async def _looks_ready(self) -> bool:
        if self._program.once:
            return self.ended.is_set() and self._process.returncode == 0
        if self._program.overlaps:
            return not self.ended.is_set() and self._pipe.has_said_ready()
        return await asyncio.to_thread(self._program.ready, self.output()) and not self.ended.is_set()

    def _trouble(self, what: str) -> Trouble:
        lines = self.output().splitlines()[-LAST_LINES:] or ["(it said nothing)"]
        shown = "".join(f"\n    {line}" for line in lines)
        return Trouble(f"{self._program.name} {what}; its last lines were:{shown}", f"all of them are in {self._log}")

    def _wait(self, loop: asyncio.AbstractEventLoop) -> None:
        self._process.wait()
        end_group(self._process.pid)
        loop.call_soon_threadsafe(self._end)

    def _end(self) -> None:
        self.ended.set()
        self._pipe.close()


def _still_there(offset: int, log: BinaryIO) -> int:
    """From where to read on: from the beginning when the log has been put aside since."""
    return offset if offset <= os.fstat(log.fileno()).st_size else 0
