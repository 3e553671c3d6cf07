"""What runs in a folder, written by the supervisor at each change, read by `status`, `down` and the next `up`."""

import signal
from datetime import datetime
from typing import Literal

from pydantic import ValidationError

from deploy.stack.files import write_private
from deploy.stack.folder import Folder
from deploy.stack.processes import Life, alive, end_group, gone_within, send
from shared.model import Model

Phase = Literal["waiting", "starting", "ready", "done", "restarting", "stopped"]


class ProgramState(Model):
    """One program: its present process, the `other` one beside it while one hands over to the next, and how often it
    had to be started again.
    """

    name: str
    phase: Phase
    life: Life | None = None
    other: Life | None = None
    since: datetime | None = None
    port: int | None = None
    restarts: int = 0


class StackState(Model):
    """Everything that a supervisor keeps; `ready` once all of it was."""

    supervisor: Life
    since: datetime
    ready: bool
    programs: tuple[ProgramState, ...]


def write_state(folder: Folder, state: StackState) -> None:
    """Replace what is known."""
    write_private(folder.state, state.model_dump_json(indent=2))


def read_state(folder: Folder) -> StackState | None:
    """What the present or last supervisor knew; None when there was none."""
    try:
        return StackState.model_validate_json(folder.state.read_bytes())
    except (OSError, ValidationError):
        return None


def end_leftovers(folder: Folder) -> list[str]:
    """Kill what an ended supervisor left behind (on Linux the kernel has done so already); returns the names."""
    state = read_state(folder)
    left = [(program.name, life) for program in state.programs for life in _left(program)] if state else []
    for _, life in left:
        send(life, signal.SIGKILL)
        gone_within(life, 10)
        end_group(life.pid)
    return [name for name, _ in left]


def _left(program: ProgramState) -> list[Life]:
    return [life for life in (program.life, program.other) if life is not None and alive(life)]
