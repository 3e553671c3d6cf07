"""Keeps one program running: starts it when what it needs is ready, and again, ever more patiently, when it dies."""

import asyncio
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

from deploy.stack.child import Child
from deploy.stack.problem import Trouble
from deploy.stack.processes import POLL_SECONDS
from deploy.stack.program import Program
from deploy.stack.state import Phase, ProgramState
from shared.clock import Clock

START_SECONDS = 120.0
"""Longest start of any program: a busy machine is slow, but a program that takes longer is broken."""

SHORTEST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.2, 10.0

HEALTHY_SECONDS = 30.0
"""A program that has lived this long has recovered: its next death counts as its first."""


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
        self._phase: Phase = "waiting"
        self._since: datetime | None = None
        self._born = 0.0
        self._deaths = 0
        self._restarts = 0

    def state(self) -> ProgramState:
        """What `status` shows."""
        running = self._child is not None and not self._child.ended.is_set()
        return ProgramState(
            name=self.program.name,
            phase=self._phase,
            life=self._child.life if self._child and running else None,
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
        await self._start()
        while not self.program.once:
            await self._mourn()
            try:
                await self._start()
            except Trouble as trouble:
                self._tell(trouble.sentence)

    async def stop(self) -> None:
        """End the process, if there is one. Only when `keep` does not run any more."""
        if self._child is None or self._child.ended.is_set():
            return
        asked = time.monotonic()
        how = "stopped" if await self._child.stop() else "did not stop and was killed"
        self._enter("stopped")
        self._tell(f"{self.program.name} {how} in {time.monotonic() - asked:.1f} s")

    async def _start(self) -> None:
        self._born = began = time.monotonic()
        await asyncio.to_thread(self.program.prepare)
        self._child, self._since = Child(self.program, self._log), self._clock()
        self._enter("starting")
        try:
            await self._until_ready(self._child)
        except Trouble:
            await self._child.kill()
            raise
        self._enter("done" if self.program.once else "ready")
        self.ready.set()
        where = f" on port {self.program.port}" if self.program.port else ""
        self._tell(f"{self.program.name} ready in {time.monotonic() - began:.1f} s{where}")

    async def _until_ready(self, child: Child) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not await self._looks_ready(child):
            if child.ended.is_set():
                raise self._trouble(f"{self.program.name} died while starting ({child.status})", child)
            if time.monotonic() > deadline:
                raise self._trouble(f"{self.program.name} was not ready after {START_SECONDS:.0f} s", child)
            await asyncio.sleep(POLL_SECONDS)

    async def _looks_ready(self, child: Child) -> bool:
        if self.program.once:
            return child.ended.is_set() and child.succeeded
        return await asyncio.to_thread(self.program.ready, child.output()) and not child.ended.is_set()

    def _trouble(self, sentence: str, child: Child) -> Trouble:
        return Trouble(f"{sentence}; its last lines were:\n{child.last_lines()}", f"all of them are in {self._log}")

    async def _mourn(self) -> None:
        assert self._child is not None, "it has been started"
        await self._child.ended.wait()
        recovered = time.monotonic() - self._born > HEALTHY_SECONDS
        self._deaths = 1 if recovered else self._deaths + 1
        self._restarts += 1
        pause = pause_seconds(self._deaths)
        self._enter("restarting")
        self._tell(f"{self.program.name} died ({self._child.status}); starting it again in {pause:.1f} s")
        await asyncio.sleep(pause)

    def _enter(self, phase: Phase) -> None:
        self._phase = phase
        self._changed()
