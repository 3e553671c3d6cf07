"""One process of a program, from its start to its end; what it says goes to the program's log."""

import asyncio
import subprocess
import threading
from pathlib import Path

from deploy.stack.launching import launched
from deploy.stack.processes import end_group, life_of
from deploy.stack.program import Program

LOG_BYTES = 10 * 2**20
"""A log larger than this is put aside (one old one is kept) before a process is started."""

LAST_LINES = 15
"""Of a log, shown when a program fails to start."""


class Child:
    """Started when made, inside a running event loop and in the main thread; `ended` is set when it has ended."""

    def __init__(self, program: Program, log: Path) -> None:
        # Linux ties a child's life to the THREAD that started it, so it must be the one that lives longest.
        assert threading.current_thread() is threading.main_thread()
        self.ended = asyncio.Event()
        self._program = program
        self._log = log
        if log.exists() and log.stat().st_size > LOG_BYTES:
            log.replace(log.with_suffix(".log.1"))
        with log.open("ab") as output:
            self._log_start = output.tell()
            self._process = subprocess.Popen(
                launched(program.command, program.launch),
                env=dict(program.environment),
                cwd=program.folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        self.life = life_of(self._process.pid)
        threading.Thread(target=self._wait, args=(asyncio.get_running_loop(),), daemon=True).start()

    @property
    def status(self) -> str:
        """How it ended, in words."""
        code = self._process.returncode
        return f"killed by signal {-code}" if code is not None and code < 0 else f"exit status {code}"

    @property
    def succeeded(self) -> bool:
        """Whether it has ended well."""
        return self._process.returncode == 0

    def output(self) -> str:
        """Everything it has said so far."""
        with self._log.open("rb") as log:
            log.seek(self._log_start)
            return log.read().decode(errors="replace")

    def last_lines(self) -> str:
        """The end of what it has said, indented, to be shown."""
        lines = self.output().splitlines()[-LAST_LINES:]
        return "\n".join(f"    {line}" for line in lines) or "    (it said nothing)"

    async def stop(self) -> bool:
        """End it: asked first, killed when it takes too long; True when it went by itself."""
        self._process.send_signal(self._program.stop_signal)
        try:
            async with asyncio.timeout(self._program.stop_seconds):
                await self.ended.wait()
        except TimeoutError:
            await self.kill()
            return False
        return True

    async def kill(self) -> None:
        """End it at once."""
        self._process.kill()
        await self.ended.wait()

    def _wait(self, loop: asyncio.AbstractEventLoop) -> None:
        self._process.wait()
        end_group(self._process.pid)
        loop.call_soon_threadsafe(self.ended.set)
