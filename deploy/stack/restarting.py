"""`restart`: asks the supervisor for new processes, and shows what it tells until all are there and the old ones gone."""

from collections.abc import Sequence

from deploy.stack.control import Order, Told, knock
from deploy.stack.folder import Folder


def restart(folder: Folder, names: Sequence[str]) -> int:
    """Restart these programs, or every service; the exit status."""
    with knock(folder) as door, door.makefile("r", encoding="utf-8") as lines:
        door.sendall(Order(restart=tuple(names)).model_dump_json().encode() + b"\n")
        for line in lines:
            told = Told.model_validate_json(line)
            if told.line:
                print(told.line, flush=True)
            if told.status is not None:
                return told.status
    print("the supervisor has gone before it was done; see `python -m deploy.stack status`")
    return 1
