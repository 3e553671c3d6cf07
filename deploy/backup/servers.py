"""Servers of the stack run for as long as a restore needs them, without a supervisor and without its haste."""

import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from deploy.stack.launching import launched
from deploy.stack.problem import Trouble
from deploy.stack.program import Program

POLL_SECONDS = 0.05


@contextmanager
def running(program: Program, log: Path) -> Iterator["Run"]:
    """Start it; stopped at the end. In the main thread."""
    program.prepare()
    with ExitStack() as stack:
        output = stack.enter_context(log.open("ab"))
        process = subprocess.Popen(
            launched(program.command, program.launch),
            env=dict(program.environment),
            cwd=program.folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
        stack.callback(_stop, process, program)
        yield Run(program, process, log)


class Run:
    """One program on its way."""

    def __init__(self, program: Program, process: subprocess.Popen[bytes], log: Path) -> None:
        self._program = program
        self._process = process
        self._log = log

    def wait(self) -> None:
        """Return when it is ready, however long that takes; raises `Trouble` when it ends before."""
        while not self._program.ready(""):
            if self._process.poll() is not None:
                lines = self._log.read_text(errors="replace").splitlines()[-8:]
                raise Trouble(f"{self._program.name} ended while it was restored:\n" + "\n".join(lines), "see above")
            time.sleep(POLL_SECONDS)


def _stop(process: "subprocess.Popen[bytes]", program: Program) -> None:
    process.send_signal(program.stop_signal)
    try:
        process.wait(max(program.stop_seconds, 60.0) if program.name == "postgres" else program.stop_seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
