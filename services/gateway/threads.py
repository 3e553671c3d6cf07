"""Threads of their own for what may hang: a storage, ledger or name server that is silent holds up nothing else.

Boards, status and health share one pool of threads, and so do the courier's deeds when they ask the database; whatever
waits for another server waits here instead, in line for the few threads of its kind.
"""

from collections.abc import Callable
from functools import partial
from typing import ParamSpec, TypeVar

from anyio import CapacityLimiter, to_thread
from anyio.lowlevel import RunVar

ResultT = TypeVar("ResultT")
ParametersT = ParamSpec("ParametersT")


class Crew:
    """So many threads for one kind of work, in every event loop."""

    def __init__(self, kind: str, most: int) -> None:
        self._most = most
        self._limiter = RunVar[CapacityLimiter](kind)

    async def run(
        self, call: Callable[ParametersT, ResultT], *args: ParametersT.args, **more: ParametersT.kwargs
    ) -> ResultT:
        """What `call`, which may wait long, answers in one of these threads."""
        return await to_thread.run_sync(partial(call, *args, **more), limiter=self._crew())

    def _crew(self) -> CapacityLimiter:
        limiter = self._limiter.get(None)
        if limiter is None:
            limiter = CapacityLimiter(self._most)
            self._limiter.set(limiter)
        return limiter


STORAGE = Crew("storage", 16)
"""Calls of S3."""

LEDGER = Crew("ledger", 8)
"""Whatever asks the ledger, some of it inside a transaction: a pool has 20 connections to the database."""

NAMES = Crew("names", 8)
"""Whatever asks a name server."""

SWEEPS = Crew("sweeps", 1)
"""The courier's sweeps, one after the other: they ask the storage and the ledger, some inside a transaction."""
