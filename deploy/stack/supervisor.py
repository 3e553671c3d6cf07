"""Brings all programs up in order, keeps them running, and stops them in reverse; one per folder, which it holds."""

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import Callable, Sequence

from deploy.stack.control import Order, attend, open_door
from deploy.stack.folder import Folder
from deploy.stack.keeper import Keeper
from deploy.stack.logs import put_aside
from deploy.stack.problem import Trouble
from deploy.stack.processes import life_of
from deploy.stack.program import Program
from deploy.stack.state import StackState, write_state
from shared.clock import Clock

TIDY_SECONDS = 60.0
"""Between two looks at how large the logs are."""


class Supervisor:
    """Runs `programs` in `folder`, which is ours already. `tell` takes one line per event, for people."""

    def __init__(
        self,
        folder: Folder,
        programs: Sequence[Program],
        tell: Callable[[str], None],
        clock: Clock,
        tidy_seconds: float = TIDY_SECONDS,
    ) -> None:
        self._folder = folder
        self._tidy_seconds = tidy_seconds
        self._tellers = [tell]
        self._since = clock()
        self._myself = life_of(os.getpid())
        self._ready = False
        self._keepers = {
            program.name: Keeper(program, folder.log(program.name), self._tell, self._save, clock)
            for program in programs
        }

    async def run(self, ready: Callable[[], None]) -> None:
        """Until SIGTERM or SIGINT; calls `ready` when everything is. Raises `Trouble` when something does not start."""
        stopping = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            asyncio.get_running_loop().add_signal_handler(number, stopping.set)
        keeping = [asyncio.create_task(keeper.keep(self._needs(keeper))) for keeper in self._keepers.values()]
        keeping.append(asyncio.create_task(self._welcome(ready)))
        keeping.append(asyncio.create_task(self._tidy()))
        keeping.append(asyncio.create_task(attend(open_door(self._folder), self._obey)))
        try:
            await _until(stopping, keeping)
        finally:
            for task in keeping:
                task.cancel()
            await asyncio.gather(*keeping, return_exceptions=True)
            await self._stop()

    def _needs(self, keeper: Keeper) -> list[Keeper]:
        return [self._keepers[name] for name in keeper.program.needs if name in self._keepers]

    async def _welcome(self, ready: Callable[[], None]) -> None:
        began = time.monotonic()
        for keeper in self._keepers.values():
            await keeper.ready.wait()
        self._ready = True
        self._save()
        self._tell(f"everything ready in {time.monotonic() - began:.1f} s")
        ready()

    async def _tidy(self) -> None:
        """Keep the logs within bounds, ours too."""
        while True:
            await asyncio.sleep(self._tidy_seconds)
            for keeper in self._keepers.values():
                keeper.tidy()
            put_aside(self._folder.log("stack"))

    async def _obey(self, order: Order, say: Callable[[str], None]) -> None:
        """Restart what is asked for, one after the other, each when its forerunner has left. `say` hears of it too."""
        if not self._ready:
            raise Trouble("the stack is still starting", "wait until `python -m deploy.stack status` shows all ready")
        self._tellers.append(say)
        try:
            for keeper in self._named(order.restart):
                await keeper.restart()
        finally:
            self._tellers.remove(say)

    def _named(self, names: Sequence[str]) -> list[Keeper]:
        """In our order, which is that of their needs. What must stop before it starts is restarted by name only."""
        if unknown := set(names) - set(self._keepers):
            raise Trouble(
                f"there is no {' and no '.join(sorted(unknown))} here", f"there are: {', '.join(self._keepers)}"
            )
        of_all = [keeper for keeper in self._keepers.values() if keeper.program.overlaps or keeper.program.once]
        return [keeper for keeper in self._keepers.values() if keeper.program.name in names] or of_all

    def _tell(self, line: str) -> None:
        for tell in self._tellers:
            tell(line)

    async def _stop(self) -> None:
        for keeper in reversed(self._keepers.values()):
            await keeper.end()
        self._save()

    def _save(self) -> None:
        assert self._myself is not None, "we run"
        states = tuple(keeper.state() for keeper in self._keepers.values())
        state = StackState(supervisor=self._myself, since=self._since, ready=self._ready, programs=states)
        # On a full disk `status` grows stale; what runs shall go on running.
        with contextlib.suppress(OSError):
            write_state(self._folder, state)


async def _until(stopping: asyncio.Event, keeping: Sequence[asyncio.Task[None]]) -> None:
    async def wait() -> None:
        await stopping.wait()

    told = asyncio.create_task(wait())
    pending = {told, *keeping}
    while not told.done():
        done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
