"""Loads tasks of the operator's own: modules that settings name, beside the built-in ones, before anything is scored.

Done by the offline commands, and by the sandbox's warm parent, which hands them to every child.
"""

import importlib
import sys
from types import ModuleType
from typing import cast

from services.scorer import tasks
from services.scorer.own import OwnTasks
from services.scorer.protocol import Example, Task
from shared.errors import Broken

PARTS = ("read_truth", "parse", "describe", "score", "report")
"""The functions of a task's module (`services/scorer/protocol.py`)."""


def load(own: OwnTasks) -> None:
    """Import the modules and enter them as tasks; those that are entered already stay. Raises `Broken`.

    The folder comes last on the path: nothing in it takes the place of what is installed.
    """
    if own.folder and own.folder not in sys.path:
        sys.path.append(own.folder)
    for name in own.modules:
        tasks.enter(_fit(name, _imported(name, own.folder)))


def _imported(name: str, folder: str | None) -> ModuleType:
    try:
        return importlib.import_module(name)
    except Exception as error:
        where = f"; HOLDOUT_SCORER_TASKS_FOLDER is {folder}" if folder else "; no HOLDOUT_SCORER_TASKS_FOLDER is set"
        sentence = f"the task's module {name} cannot be imported: {type(error).__name__}: {error}{where}"
        raise Broken("own-task-unfit", sentence) from error


def _fit(name: str, module: ModuleType) -> Task:
    """The module, if it has the shape of a task; else `Broken` says all that it lacks."""
    lacks = [f"no function {part}" for part in PARTS if not callable(getattr(module, part, None))]
    kind, example = getattr(module, "NAME", None), getattr(module, "EXAMPLE", None)
    if not isinstance(kind, str):
        lacks.append("no NAME, a text")
    if not isinstance(example, Example):
        lacks.append("no EXAMPLE, an Example of services.scorer.protocol")
    elif kind not in example.definition.tasks:
        lacks.append(f"no task {kind!r} in the definition of its EXAMPLE")
    if any(kind == task.NAME for task in tasks.TASKS):
        lacks.append(f"no name of its own: {kind!r} is built in")
    if lacks:
        raise Broken(
            "own-task-unfit", f"the module {name} is no task (services/scorer/protocol.py): {'; '.join(lacks)}"
        )
    return cast(Task, module)
