"""`up`: starts a supervisor in the background and shows what it tells until all is ready."""

import subprocess
import sys
from collections.abc import Sequence

from deploy.stack.folder import Folder
from deploy.stack.state import read_state

BEHIND = "--behind"
"""What the background supervisor is called with: it lets its terminal go when all is ready."""


def start_in_background(folder: Folder, arguments: Sequence[str]) -> int:
    """Start a supervisor with the `arguments` of this command line; returns when all is ready, or nothing is."""
    folder.make()
    with folder.log("stack").open("a") as log:
        supervisor = subprocess.Popen(
            (sys.executable, "-m", "deploy.stack", *arguments, BEHIND),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            start_new_session=True,
        )
    assert supervisor.stdout is not None, "it is a pipe"
    told = False
    try:
        for line in supervisor.stdout:
            told = True
            print(line, end="", flush=True)
    except KeyboardInterrupt:
        supervisor.terminate()
        print("stopping what has been started")
        supervisor.wait()
        return 130
    state = read_state(folder)
    if state and state.ready and state.supervisor.pid == supervisor.pid:
        # It goes on without us; this only spares a warning that we have not waited for it.
        supervisor.returncode = 0
        return 0
    if not told:
        lines = folder.log("stack").read_text(errors="replace").splitlines()
        print("the supervisor died before it could tell why; its last lines were:", *lines[-5:], sep="\n    ")
    return supervisor.wait()
