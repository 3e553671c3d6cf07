"""How a stack is stopped: its supervisor is asked to; whatever is left then is ended, and nothing else."""

import signal
import time

from deploy.stack.folder import Folder
from deploy.stack.processes import gone_within, send
from deploy.stack.state import end_leftovers

PATIENCE_SECONDS = 120.0
"""Ten programs that each have to be killed after ten seconds, and some."""


def stop(folder: Folder) -> int:
    """Stop the stack in `folder`; fine when none runs. Returns when all is gone."""
    began = time.monotonic()
    supervisor = folder.supervisor()
    if supervisor is not None:
        send(supervisor, signal.SIGTERM)
        if not gone_within(supervisor, PATIENCE_SECONDS):
            send(supervisor, signal.SIGKILL)
            gone_within(supervisor, 10)
    left = end_leftovers(folder)
    for name in left:
        print(f"{name} was left over and has been ended")
    if supervisor is None and not left:
        print(f"nothing runs in {folder.path}")
    else:
        print(f"everything stopped in {time.monotonic() - began:.1f} s")
    return 0
