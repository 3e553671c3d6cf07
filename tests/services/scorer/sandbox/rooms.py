"""Sandboxes for tests, and what can be seen of them from outside."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

from services.scorer.sandbox import Bounds, Sandbox
from shared.report import Report
from tests.services.scorer import toy

BOUNDS = Bounds(wall_seconds=20, cpu_seconds=20, memory_bytes=2**30, report_bytes=2**20)


@contextlib.asynccontextmanager
async def sandbox(target: str = "by_content", **bounds: Any) -> AsyncIterator[Sandbox]:
    """A running sandbox round one of the stand-ins."""
    tried = Sandbox(BOUNDS.model_copy(update=bounds), {"evaluate": f"tests.services.scorer.sandbox.hostile:{target}"})
    await tried.start()
    try:
        yield tried
    finally:
        await tried.close()


async def score(tried: Sandbox, submission: bytes, on_stage: Callable[[str], None] = lambda _: None) -> Report:
    """Run `submission`; its report."""
    with toy.files(submission) as files:
        return Report.model_validate_json(await tried.run(toy.brief(submission), files, on_stage))


def descendants(pid: int) -> list[int]:
    """Every living process below `pid`, zombies included."""
    children: dict[int, list[int]] = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            number, _, rest = status.read_text().partition(" (")
            children.setdefault(int(rest.rpartition(") ")[2].split()[1]), []).append(int(number))
    found: list[int] = []
    waiting = [pid]
    while waiting:
        below = children.get(waiting.pop(), [])
        found += below
        waiting += below
    return found


def gone(pids: list[int]) -> bool:
    """Whether none of these processes is left."""
    return not any(Path(f"/proc/{pid}").exists() for pid in pids)


async def until(condition: Callable[[], bool], seconds: float = 10) -> float:
    """Wait for `condition`; how many seconds it took."""
    begun = time.monotonic()
    while not condition():
        assert time.monotonic() < begun + seconds, "this never came true"
        await asyncio.sleep(0.005)
    return time.monotonic() - begun
