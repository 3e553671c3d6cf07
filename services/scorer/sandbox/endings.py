"""How a child ended, and what that means: a limit reached, a crash, or somebody else's doing."""

import signal
from typing import Literal, NoReturn

from services.scorer.sandbox.brief import Bounds
from shared.errors import Broken
from shared.model import Model

EXIT_ERROR = 70
"""The child's exit code after an exception: a mistake in the scorer, sent as a traceback."""
EXIT_MEMORY = 71
"""The child's exit code when the memory limit was reached."""


class SandboxBroken(Broken):
    """No report came out of the sandbox. Never the team's charge."""


class Exhausted(SandboxBroken):
    """A limit was reached. The same file would reach it again."""


class Crashed(SandboxBroken):
    """The child ended by itself without a proper report. The same file would do it again."""


class Interrupted(SandboxBroken):
    """Killed from outside, or the warm parent died: nothing that the file need have done; another run may go well."""


class Ended(Model):
    """The warm parent's word on one child: `how` it ended, with exit code or signal number in `code`."""

    how: Literal["exit", "signal", "wall"]
    code: int
    wall_seconds: float
    cpu_seconds: float
    peak_bytes: int


def raise_for(ended: Ended, bounds: Bounds) -> None:
    """Return when the child ended well; else raise what its end means."""
    if ended.how == "wall":
        raise Exhausted("sandbox-wall-time", f"scoring took longer than {bounds.wall_seconds:g} s and was stopped")
    if ended.how == "signal":
        _raise_for_signal(ended, bounds)
    if ended.code == EXIT_MEMORY:
        raise Exhausted("sandbox-memory", f"scoring needed more than {bounds.memory_bytes / 2**20:,.0f} MiB of memory")
    if ended.code == EXIT_ERROR:
        raise Crashed("sandbox-error", "the scorer made a mistake; it has been logged")
    if ended.code != 0:
        raise Crashed("sandbox-crashed", f"scoring ended with exit code {ended.code}")


def _raise_for_signal(ended: Ended, bounds: Bounds) -> NoReturn:
    # A child that ignores SIGXCPU is killed by the hard limit a second later: told from a stranger's kill by its use.
    out_of_time = ended.code == signal.SIGKILL and ended.cpu_seconds >= bounds.cpu_seconds
    if ended.code == signal.SIGXCPU or out_of_time:
        raise Exhausted("sandbox-cpu-time", f"scoring used more than {bounds.cpu_seconds} s of processor time")
    if ended.code == signal.SIGKILL:
        raise Interrupted("sandbox-killed", "the scoring process was killed from outside")
    raise Crashed("sandbox-crashed", f"scoring ended by {signal.Signals(ended.code).name}")
