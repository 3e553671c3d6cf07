"""What programs say, kept within bounds: a log that has grown too large is put aside while its program goes on writing."""

import contextlib
import os
import shutil
from pathlib import Path

LOG_BYTES = 10 * 2**20
"""A log larger than this is put aside; of one that is larger still, its last bytes are kept, so many."""


def put_aside(log: Path) -> None:
    """Begin a log that is too large anew, and keep what it had as the one old log (`NAME.log.1`).

    It is copied and emptied, not renamed: every process appends to the file that it was given. A line that comes between
    the two is lost. Where there is no room for a copy, it stays as it is until there is.
    """
    with contextlib.suppress(OSError):
        excess = log.stat().st_size - LOG_BYTES
        if excess > 0:
            with log.open("rb") as source, log.with_suffix(".log.1").open("wb") as old:
                source.seek(excess)
                shutil.copyfileobj(source, old)
            os.truncate(log, 0)
