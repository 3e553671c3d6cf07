"""Tasks of the operator's own, as settings name them. `loading` is apart: a worker that waits scores nothing itself."""

from pathlib import Path

from pydantic_settings import SettingsConfigDict

from shared.model import Model
from shared.settings import Settings


class OwnTasks(Model):
    """What settings say, as it travels to the warm parent: modules, and a folder that they are found in besides."""

    modules: tuple[str, ...] = ()
    folder: str | None = None


NO_OWN_TASKS = OwnTasks()


class OwnTasksSettings(Settings):
    """The part of a scorer's settings that its offline commands read, too.

    `tasks`: modules, commas between, such as `depth_task.depth`. `tasks_folder`: where they are, if not installed.
    """

    model_config = SettingsConfigDict(env_prefix="HOLDOUT_SCORER_")

    tasks: str = ""
    tasks_folder: Path | None = None

    def own_tasks(self) -> OwnTasks:
        """The modules by name, the folder in full."""
        names = tuple(name.strip() for name in self.tasks.split(",") if name.strip())
        return OwnTasks(modules=names, folder=str(self.tasks_folder.resolve()) if self.tasks_folder else None)
