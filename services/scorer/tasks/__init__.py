"""The tasks that can be scored, one module each. To add one: write the module, name it here."""

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


def find_task(kind: str) -> Task:
    """The task called `kind` in challenge definitions. Raises `Broken` if this scorer has none."""
    for task in TASKS:
        if kind == task.NAME:
            return task
    raise Broken("unknown-task", f"this scorer has no task called {kind}; it has {', '.join(t.NAME for t in TASKS)}")
