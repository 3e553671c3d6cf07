"""What runs in a folder, as a table for people and as JSON for machines."""

import json

from deploy.stack.folder import Folder
from deploy.stack.processes import alive
from deploy.stack.state import ProgramState, StackState, read_state

COLUMNS = ("program", "state", "process", "port", "since", "restarts")


def as_table(folder: Folder) -> str:
    """One line per program."""
    state = read_state(folder)
    if state is None or folder.supervisor() is None:
        return f"nothing runs in {folder.path}; start it with `python -m deploy.stack up`"
    rows = [COLUMNS, *(_row(program) for program in state.programs)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(COLUMNS))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)


def as_json(folder: Folder) -> str:
    """`{"running", "ready", "supervisor", "programs": [{name, state, pid, port, since, restarts}]}`."""
    state = read_state(folder)
    running = folder.supervisor() is not None
    return json.dumps(
        {
            "running": running,
            "ready": running and state is not None and state.ready,
            "supervisor": state.supervisor.pid if running and state else None,
            "programs": [_entry(program) for program in _programs(state, running)],
        },
        indent=2,
    )


def _programs(state: StackState | None, running: bool) -> tuple[ProgramState, ...]:
    return state.programs if state and running else ()


def _row(program: ProgramState) -> tuple[str, ...]:
    entry = _entry(program)
    return tuple(
        "-" if entry[name] is None else str(entry[name])
        for name in ("name", "state", "pid", "port", "since", "restarts")
    )


def _entry(program: ProgramState) -> dict[str, str | int | None]:
    life = program.life if program.life and alive(program.life) else None
    return {
        "name": program.name,
        "state": program.phase,
        "pid": life.pid if life else None,
        "port": program.port,
        "since": program.since.isoformat(timespec="seconds") if program.since else None,
        "restarts": program.restarts,
    }
