"""Whole stacks: one for all tests that leave it as they found it, and own ones for tests that do not."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from deploy.stack.programs import ROOT
from tests.stacks import ANY_PORT, Stack, start
from tests.system.participants import LISTEN_HERE, Organiser, organising

OWN_TASK = {"HOLDOUT_SCORER_TASKS": "age_task.age", "HOLDOUT_SCORER_TASKS_FOLDER": str(ROOT / "examples/own-task")}
"""Its scorers know the example of a task of one's own, besides the built-in ones."""


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory, stacks: dict[str, list[Stack]]) -> Iterator[Stack]:
    """Everything running, for the whole session. Kill scorers in it as you like; leave the rest to `start_stack`."""
    running = start(tmp_path_factory.mktemp("stack"), *ANY_PORT, settings=LISTEN_HERE | OWN_TASK)
    stacks["stack"] = [running]
    yield running
    running.stop()


@pytest.fixture
def start_stack(tmp_path: Path, stacks: dict[str, list[Stack]]) -> Iterator[Callable[..., Stack]]:
    """`start_stack(*options, **settings)`: a stack of one's own, in `tmp_path/stack`, stopped after the test."""
    own = stacks["start_stack"] = []

    def start_one(*options: str, **settings: str) -> Stack:
        own.append(start(tmp_path / "stack", *ANY_PORT, *options, settings=LISTEN_HERE | settings))
        return own[-1]

    yield start_one
    for running in own:
        running.stop()


@pytest.fixture(scope="module")
def organiser(stack: Stack) -> Iterator[Organiser]:
    """Publishes challenges and founds teams in the session's stack."""
    with organising(stack) as organiser:
        yield organiser
