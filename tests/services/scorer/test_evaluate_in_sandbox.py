"""The real scoring code behind the real walls: the same bytes as outside, for every task's own example."""

import asyncio
import contextlib
import tempfile
from collections.abc import Iterator

import pytest

from services.scorer.evaluate import check, evaluate
from services.scorer.protocol import Task
from services.scorer.sandbox import Bounds, Brief, CheckBrief, Files, Sandbox
from services.scorer.tasks import TASKS
from shared.challenge import Challenge, Numbering
from shared.digests import digest_of
from shared.report import Provenance

BOUNDS = Bounds(wall_seconds=20, cpu_seconds=20, memory_bytes=2**30)


class Box:
    """One sandbox for all tests: each file has a child of its own in it."""

    def __init__(self, runner: asyncio.Runner) -> None:
        self._runner = runner
        self._sandbox = Sandbox(BOUNDS)

    def run(self, definition: Challenge, brief: Brief | CheckBrief, submission: bytes, truth: bytes) -> bytes:
        """What the child says of the file."""
        with contextlib.ExitStack() as closing:
            numbers = []
            for content in (submission, truth, definition.canonical()):
                file = closing.enter_context(tempfile.TemporaryFile())
                file.write(content)
                file.flush()
                numbers.append(file.fileno())
            return self._runner.run(self._sandbox.run(brief, Files(*numbers), lambda _: None))

    def close(self) -> None:
        """End its parent."""
        self._runner.run(self._sandbox.close())


@pytest.fixture(scope="module")
def box() -> Iterator[Box]:
    with asyncio.Runner() as runner:
        box = Box(runner)
        yield box
        box.close()


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.NAME)
def test_inside_and_outside_give_the_same_bytes(task: Task, box: Box) -> None:
    example = task.EXAMPLE
    usual: list[tuple[Numbering, bytes]] = [
        ("ilsvrc", content) for content in (example.predictions, example.broken[0], b"", b"\x00\xff" * 1000)
    ]
    for labels, submission in (*usual, *example.others[::14]):
        provenance = Provenance(
            labels=labels,
            scorer="test",
            definition=example.definition.digest(),
            truth=digest_of(example.truth),
            submission=digest_of(submission),
        )
        outside = evaluate(example.definition, task.NAME, "test", submission, example.truth, provenance)
        brief = Brief(task=task.NAME, split="test", provenance=provenance)
        inside = box.run(example.definition, brief, submission, example.truth)
        assert inside == outside.canonical()


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.NAME)
def test_a_dry_run_finds_the_same_inside_and_outside_where_it_has_no_truth(task: Task, box: Box) -> None:
    example = task.EXAMPLE
    brief = CheckBrief(task=task.NAME, split="test", labels="ilsvrc")
    for submission in (example.predictions, example.broken[-1]):
        inside = box.run(example.definition, brief, submission, truth=b"")
        assert inside == check(example.definition, task.NAME, "test", submission).canonical()
