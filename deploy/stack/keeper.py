"""Keeps one program running: starts it when what it needs is ready, again, ever more patiently, when it dies, and anew
when it is asked to, where that can be beside the old process.
"""

import asyncio
import contextlib
import socket
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

from deploy.stack.child import REFUSALS, SHORT, Child
from deploy.stack.listening import listen
from deploy.stack.logs import put_aside
from deploy.stack.problem import Trouble
from deploy.stack.processes import Life
from deploy.stack.program import Program
from deploy.stack.state import Phase, ProgramState
from shared.clock import Clock

WATCH_SECONDS = 2.0
"""Between two looks at what a program says."""

SHORTEST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.2, 10.0

HEALTHY_SECONDS = 30.0
"""A program that has lived this long has recovered: its next death counts as its first."""

LEAVE_SECONDS = 75.0
"""For what a process that has a successor finishes still: a scorer ends within 60 s, gateway and quota within 37."""


def pause_seconds(deaths: int) -> float:
    """How long to wait after so many deaths in a row: 0.2, 0.4, 0.8 … 10 s."""
    return float(min(LONGEST_PAUSE_SECONDS, SHORTEST_PAUSE_SECONDS * 2 ** min(deaths - 1, 16)))


class Keeper:
    """One program and its present process. `tell` takes lines for people, `changed` is called when `state()` differs."""

    def __init__(
        self, program: Program, log: Path, tell: Callable[[str], None], changed: Callable[[], None], clock: Clock
    ) -> None:
        self.program = program
        self.ready = asyncio.Event()
        self._log = log
        self._tell = tell
        self._changed = changed
        self._clock = clock
        self._child: Child | None = None
        # Beside it for a while: its successor before that is ready, then its forerunner until that has left.
        self._other: Child | None = None
        self._listening: socket.socket | None = None
        # Held by whoever puts another process into the place of the present one.
        self._turn = asyncio.Lock()
        self._phase: Phase = "waiting"
        self._since: datetime | None = None
        self._born = 0.0
        self._deaths = 0
        self._restarts = 0

    def state(self) -> ProgramState:
        """What `status` shows."""
        return ProgramState(
            name=self.program.name,
            phase=self._phase,
            life=_life(self._child),
            other=_life(self._other),
            since=self._since,
            port=self.program.port,
            restarts=self._restarts,
        )

    async def keep(self, needs: Sequence["Keeper"]) -> None:
        """Start the program once its `needs` are ready, and keep it; until cancelled, or until a `once` program is done.

        Raises `Trouble` when the very first start fails: that is for the operator to mend, not for time.
        """
        for need in needs:
            await need.ready.wait()
        if self.program.listens_as and self.program.port:
            self._listening = listen(self.program.name, self.program.port)
        await self._start()
        while not self.program.once:
            await self._revive()

    async def restart(self) -> None:
        """Put a new process into the place of the present one, or run a `once` program again.

        Raises `Trouble` when the new one does not become ready; the present one then stays, where both may work at once.
        """
        async with self._turn:
            if self.program.overlaps and _life(self._child):
                await self._hand_over()
            else:
                await self._stop()
                await self._start()

    def tidy(self) -> None:
        """Keep the log within bounds. Not while somebody reads in it whether a process is ready."""
        if self._phase == "ready":
            put_aside(self._log)

    async def end(self) -> None:
        """End every process there is, and refuse callers. Only when nothing else of this runs any more."""
        if self._listening is not None:
            self._listening.close()
        await self._stop()

    async def _start(self) -> None:
        self._born = began = time.monotonic()
        self._child, self._since = await self._bear(), self._clock()
        self._enter("starting")
        await self._child.until_ready()
        self._enter("done" if self.program.once else "ready")
        self.ready.set()
        where = f" on port {self.program.port}" if self.program.port else ""
        self._tell(f"{self.program.name} ready in {time.monotonic() - began:.1f} s{where}")

    async def _bear(self) -> Child:
        """A new process. What the machine refuses for want of room, memory or open files is `Trouble`: it may pass."""
        try:
            await asyncio.to_thread(self.program.prepare)
            return Child(self.program, self._log, self._listening)
        except REFUSALS as error:
            raise Trouble(f"{self.program.name} cannot be started: {error}", SHORT) from error

    async def _revive(self) -> None:
        child = self._child
        assert child is not None, "it has been started"
        watching = asyncio.create_task(self._watch(child))
        await child.ended.wait()
        watching.cancel()
        async with self._turn:
            if child is not self._child:
                return
            await self._mourn(child)
            try:
                await self._start()
            except Trouble as trouble:
                self._tell(trouble.sentence)

    async def _watch(self, child: Child) -> None:
        """End a process that will not recover by itself: it is started again, as any that died."""
        while True:
            await asyncio.sleep(WATCH_SECONDS)
            # A look that the machine refuses says nothing; the next one may go through.
            with contextlib.suppress(*REFUSALS):
                if await asyncio.to_thread(lambda: self.program.lost(child.news())):
                    self._tell(f"{self.program.name} says that it cannot go on as it is, and is ended")
                    await child.stop(self.program.stop_seconds)

    async def _mourn(self, child: Child) -> None:
        recovered = time.monotonic() - self._born > HEALTHY_SECONDS
        self._deaths = 1 if recovered else self._deaths + 1
        self._restarts += 1
        pause = pause_seconds(self._deaths)
        self._enter("restarting")
        self._tell(f"{self.program.name} died ({child.status}); starting it again in {pause:.1f} s")
        await asyncio.sleep(pause)

    async def _hand_over(self) -> None:
        name, forerunner = self.program.name, self._child
        assert forerunner is not None, "it runs"
        began = time.monotonic()
        self._other = successor = await self._bear()
        self._enter("restarting")
        try:
            await successor.until_ready()
        except Trouble:
            self._other = None
            self._enter("ready")
            raise
        self._child, self._other = successor, forerunner
        self._born, self._since = began, self._clock()
        self._enter("ready")
        asked = time.monotonic()
        how = "left" if await forerunner.stop(LEAVE_SECONDS) else "did not leave and was killed"
        self._other = None
        self._changed()
        self._tell(
            f"{name} has a new process, ready in {asked - began:.1f} s; "
            f"the old one {how} in {time.monotonic() - asked:.1f} s"
        )

    async def _stop(self) -> None:
        for child in (self._other, self._child):
            if child is None or child.ended.is_set():
                continue
            asked = time.monotonic()
            how = "stopped" if await child.stop(self.program.stop_seconds) else "did not stop and was killed"
            self._enter("stopped")
            self._tell(f"{self.program.name} {how} in {time.monotonic() - asked:.1f} s")

    def _enter(self, phase: Phase) -> None:
        self._phase = phase
        self._changed()


def _life(child: Child | None) -> Life | None:
    return child.life if child is not None and not child.ended.is_set() else None
