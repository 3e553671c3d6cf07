"""The worker's door to the sandbox: starts the warm parent, hands files in, takes the report out.

Everything that comes out of a child is bounded and doubted; what the warm parent says is believed.
"""

import asyncio
import contextlib
import logging
import os
import socket
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from services.scorer.own import NO_OWN_TASKS, OwnTasks
from services.scorer.sandbox import child
from services.scorer.sandbox.brief import PREFIX, AnyBrief, Boot, Bounds, Descriptors, Purpose, Ready, send_brief
from services.scorer.sandbox.endings import Crashed, Ended, Exhausted, Interrupted, raise_for

log = logging.getLogger(__name__)

ROOT = Path(__file__).parents[3]
"""The folder that import names start from."""

TARGETS: Mapping[Purpose, str] = {
    "evaluate": "services.scorer.evaluate:evaluate",
    "check": "services.scorer.evaluate:check",
}

ENVIRONMENT = {
    "LANG": "C.UTF-8",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1",
    "MALLOC_MMAP_THRESHOLD_": "1073741824",
    "MALLOC_TRIM_THRESHOLD_": "1073741824",
    "MALLOC_TOP_PAD_": "16777216",
}
"""All that the warm parent is told. One thread per library: a fork takes only the thread that calls it. Memory in huge
pages, kept until the end: a child lives for one file, and 100,000 lines took it 37 ms of page faults and arithmetic
without this, 21 ms with it."""

BOOT_SECONDS = 300
"""Importing everything takes 1 s on an idle machine, and compiling the kernels, where they are not kept, 7 s more; five
minutes are for one that is slow and starting everything at once."""

GRACE_SECONDS = 5
"""The warm parent kills at the deadline; this much later it must have said so, or it is lost itself."""

MOST_FRAMES = 100
"""Stages come by the dozen. A child that says more is not ours any more."""

LONGEST_ENDED_BYTES = 4096

StageCallback = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Files:
    """Descriptors of the files, open for reading; they stay the caller's to close."""

    submission: int
    truth: int
    definition: int


class Sandbox:
    """One warm parent and what runs in it. Any number of `run` at once; a parent that dies is replaced."""

    def __init__(
        self,
        bounds: Bounds,
        targets: Mapping[Purpose, str] = TARGETS,
        kernels_folder: Path | None = None,
        own_tasks: OwnTasks = NO_OWN_TASKS,
    ) -> None:
        """kernels_folder: where compiled kernels are kept if not beside the sources (`services.scorer.kernels`)."""
        self.bounds = bounds
        self._environment = ENVIRONMENT | ({"NUMBA_CACHE_DIR": str(kernels_folder)} if kernels_folder else {})
        self._targets = targets
        self._own_tasks = own_tasks
        self._parent: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._starting = asyncio.Lock()

    @property
    def pid(self) -> int | None:
        """The warm parent's process id, while there is one."""
        return self._parent.pid if self._parent is not None else None

    async def start(self) -> None:
        """Start the warm parent unless it lives; raises `Interrupted` when it cannot be started."""
        async with self._starting:
            if self._control is not None and self._parent is not None and self._parent.poll() is None:
                return
            await self._stop()
            begun = time.monotonic()
            self._control, theirs = socket.socketpair()
            self._control.setblocking(False)
            with theirs:
                self._parent = self._spawn(theirs)
            try:
                async with asyncio.timeout(BOOT_SECONDS):
                    ready = await self._hear_ready(self._control)
            except (TimeoutError, OSError, ValueError) as error:
                await self._stop()
                raise Interrupted("sandbox-lost", "the sandbox does not start; its last words are above") from error
        refused = f"; REFUSED by this machine: {', '.join(ready.refused)}" if ready.refused else ""
        compiled = f"; {ready.compiled} kernels compiled" if ready.compiled else ""
        log.info("sandbox up in %.2f s: %s%s%s", time.monotonic() - begun, ", ".join(ready.walls), compiled, refused)

    async def close(self) -> None:
        """Stop the warm parent, and with it all children."""
        async with self._starting:
            await self._stop()

    async def run(self, brief: AnyBrief, files: Files, on_stage: StageCallback) -> bytes:
        """Do with `files`, in a child of their own, what `brief` says; the bytes of what it found, not yet believed.

        Raises `Exhausted`, `Crashed` or `Interrupted`. When this is cancelled the child is killed.
        """
        try:
            return await self._run_once(brief, files, on_stage)
        except Interrupted as error:
            if error.code != "sandbox-lost":
                raise
            log.warning("the warm parent was lost; scoring once more")
            return await self._run_once(brief, files, on_stage)

    async def _run_once(self, brief: AnyBrief, files: Files, on_stage: StageCallback) -> bytes:
        await self.start()
        assert self._control is not None
        result, their_result = socket.socketpair()
        status, their_status = socket.socketpair()
        with result, status:
            with their_result, their_status:
                travelling = Descriptors(
                    files.submission, files.truth, files.definition, their_result.fileno(), their_status.fileno()
                )
                try:
                    send_brief(self._control, brief, travelling)
                except OSError as error:
                    await self.close()
                    raise Interrupted("sandbox-lost", "the sandbox takes no files") from error
            try:
                async with asyncio.timeout(self.bounds.wall_seconds + GRACE_SECONDS):
                    return await self._outcome(result, status, on_stage)
            except TimeoutError as error:
                await self.close()
                raise Interrupted("sandbox-lost", "the sandbox hangs") from error

    async def _outcome(self, result: socket.socket, status: socket.socket, on_stage: StageCallback) -> bytes:
        """Everything the child says, then how it ended."""
        result.setblocking(False)
        status.setblocking(False)
        report = await self._listen(result, on_stage)
        ended = await _hear_ended(status)
        log.info(
            "child ended by %s %d after %.3f s, processor %.3f s, peak %.0f MiB",
            ended.how, ended.code, ended.wall_seconds, ended.cpu_seconds, ended.peak_bytes / 2**20,
        )  # fmt: skip
        raise_for(ended, self.bounds)
        if report is None:
            raise Crashed("sandbox-crashed", "scoring ended without a report")
        return report

    async def _listen(self, result: socket.socket, on_stage: StageCallback) -> bytes | None:
        reader, writer = await asyncio.open_connection(sock=result.dup())
        report = None
        try:
            for _ in range(MOST_FRAMES):
                kind, length = child.FRAME.unpack(await reader.readexactly(child.FRAME.size))
                if length > self._bound(kind):
                    raise Exhausted("sandbox-report-too-large", f"the report has {length:,} bytes, more than it may")
                payload = await reader.readexactly(length)
                if kind == child.STAGE:
                    on_stage(_printable(payload))
                elif kind == child.REPORT:
                    report = payload
                else:
                    log.error("the scorer made a mistake:\n%s", textwrap.indent(_printable(payload), "    | "))
        except (asyncio.IncompleteReadError, ConnectionError):
            return report
        finally:
            writer.close()
        raise Crashed("sandbox-crashed", "scoring said too much")

    def _bound(self, kind: bytes) -> int:
        bounds = {
            child.STAGE: child.LONGEST_STAGE_BYTES,
            child.REPORT: self.bounds.report_bytes,
            child.TRACEBACK: child.LONGEST_TRACEBACK_BYTES,
        }
        return bounds.get(kind, -1)

    def _spawn(self, theirs: socket.socket) -> subprocess.Popen[bytes]:
        boot = Boot(
            control=theirs.fileno(),
            worker_pid=os.getpid(),
            targets=dict(self._targets),
            bounds=self.bounds,
            own_tasks=self._own_tasks,
        )
        return subprocess.Popen(
            [sys.executable, "-m", "services.scorer.sandbox", boot.model_dump_json()],
            cwd=ROOT,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            pass_fds=(theirs.fileno(),),
            start_new_session=True,
        )

    async def _hear_ready(self, control: socket.socket) -> Ready:
        (length,) = PREFIX.unpack(await _exactly(control, PREFIX.size))
        return Ready.model_validate_json(await _exactly(control, length))

    async def _stop(self) -> None:
        control, self._control = self._control, None
        parent, self._parent = self._parent, None
        if control is not None:
            control.close()
        if parent is not None:
            with contextlib.suppress(ProcessLookupError):
                parent.kill()
            await asyncio.to_thread(parent.wait)


def _printable(words: bytes) -> str:
    """What a child says, fit for a log: it may not be ours any more."""
    return "".join(
        letter if letter.isprintable() or letter == "\n" else "?" for letter in words.decode(errors="replace")
    )


async def _exactly(source: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        block = await asyncio.get_running_loop().sock_recv(source, count - len(data))
        if not block:
            raise ConnectionError("the sandbox closed the line")
        data += block
    return data


async def _hear_ended(status: socket.socket) -> Ended:
    data = b""
    with contextlib.suppress(ConnectionError):
        while block := await asyncio.get_running_loop().sock_recv(status, LONGEST_ENDED_BYTES):
            data += block
    try:
        return Ended.model_validate_json(data)
    except ValueError as error:
        raise Interrupted("sandbox-lost", "the sandbox ended in the middle of a job") from error
