"""What a process of ours says to whoever started it: that it takes work now. So a successor is told from its forerunner.

By a pipe, not by an answer on a port that both share, nor by a line in a log that both write and that a full disk loses.
"""

import contextlib
import os

READY_FD = "HOLDOUT_READY_FD"
"""Names the pipe's end in our environment; whoever started us has the other."""


def say_ready() -> None:
    """Say it, once; without anybody who wants to hear it, do nothing."""
    number = os.environ.pop(READY_FD, "")
    if number:
        with contextlib.suppress(OSError), open(int(number), "wb") as pipe:
            pipe.write(b"ready\n")
