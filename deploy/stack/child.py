"""One process of a program, from its start to its end; what it says goes to the program's log."""

import asyncio
import socket
import subprocess
import threading
import time
from pathlib import Path

from deploy.stack.launching import launched
from deploy.stack.problem import Trouble
from deploy.stack.processes import POLL_SECONDS, end_group, life_of
from deploy.stack.program import Program
from deploy.stack.readiness import ReadyPipe

LOG_BYTES = 10 * 2**20
"""A log larger than this is put aside (one old one is kept) before a process is started."""

NEWS_BYTES = 2**20

LAST_LINES = 15
"""Of a log, shown when a program fails to start."""

START_SECONDS = 120.0
"""Longest start of any program: a busy machine is slow, but a program that takes longer is broken."""


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
        if log.exists() and log.stat().st_size > LOG_BYTES:
            log.replace(log.with_suffix(".log.1"))
        with log.open("ab") as output:
            self._log_start = self._log_heard = output.tell()
            self._process = subprocess.Popen(
                launched(program.command, program.launch),
                env=dict(program.environment) | {name: str(number) for name, number in handed.items()},
                cwd=program.folder,
                pass_fds=tuple(handed.values()),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        self._pipe.is_handed_over()
        self.life = life_of(self._process.pid)
        threading.Thread(target=self._wait, args=(asyncio.get_running_loop(),), daemon=True).start()

    @property
    def status(self) -> str:
        """How it ended, in words."""
        code = self._process.returncode
        return f"killed by signal {-code}" if code is not None and code < 0 else f"exit status {code}"

    def output(self) -> str:
        """Everything that the program has said since this process started."""
        with self._log.open("rb") as log:
            log.seek(self._log_start)
            return log.read().decode(errors="replace")

    def news(self) -> str:
        """What the program has said since this was asked last, up to a megabyte of it."""
        with self._log.open("rb") as log:
            log.seek(self._log_heard)
            said = log.read(NEWS_BYTES)
            self._log_heard += len(said)
        return said.decode(errors="replace")

    async def until_ready(self) -> None:
        """Wait until it is; raises `Trouble`, with the end of what it has said, when it is not in time, and kills it."""
        deadline = time.monotonic() + START_SECONDS
        while not await self._looks_ready():
            if self.ended.is_set():
                raise self._trouble(f"died while starting ({self.status})")
            if time.monotonic() > deadline:
                await self.kill()
                raise self._trouble(f"was not ready after {START_SECONDS:.0f} s")
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
