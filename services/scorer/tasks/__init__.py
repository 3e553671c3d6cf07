"""The tasks that can be scored, one module each. To add one: write the module, name it here.

Tasks of the operator's own are entered besides, when a process starts (`services/scorer/own.py`).
"""

from services.scorer.protocol import Task
from services.scorer.tasks import (
    classification,
    detection,
    localization,
    scene_classification,
    scene_parsing,
    video_detection,
    video_tracking,
)
from shared.errors import Broken

TASKS: tuple[Task, ...] = (
    classification,
    localization,
    detection,
    video_detection,
    video_tracking,
    scene_classification,
    scene_parsing,
)


_OWN: dict[str, Task] = {}


def enter(task: Task) -> None:
    """Have a task besides those that are built in."""
    _OWN[task.NAME] = task


def every_task() -> tuple[Task, ...]:
    """The built-in ones, and those that were entered."""
    return (*TASKS, *_OWN.values())


def find_task(kind: str) -> Task:
    """The task called `kind` in challenge definitions. Raises `Broken` if this scorer has none."""
    for task in every_task():
        if kind == task.NAME:
            return task
    known = ", ".join(task.NAME for task in every_task())
    raise Broken("unknown-task", f"this scorer has no task called {kind}; it has {known}")
