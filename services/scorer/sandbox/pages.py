"""Lets go of the pages of libraries that only warming needed: the process outside the walls would keep them for ever.

The compiler's library alone is 60 MiB of a scorer at rest. Whoever needs a page again finds it in the system's cache.
"""

import contextlib
import re
from collections.abc import Iterator
from pathlib import Path

from services.scorer.sandbox import kernel

_MAPPING = re.compile(
    r"^([0-9a-f]+)-([0-9a-f]+) r-.. \S+ \S+ \d+ +/.*\n(?:\w+:.*\n)*?Anonymous: +0 kB$", re.ASCII | re.MULTILINE
)
"""In smaps: what is mapped from a file, cannot be written, and has no page of its own (as relocated ones are)."""


def let_libraries_go() -> None:
    """Have the kernel forget this process's unchanged pages of files, which it can read again. Linux; else nothing."""
    if not kernel.LINUX:
        return
    for start, size in untouched(Path("/proc/self/smaps").read_text()):
        with contextlib.suppress(OSError):
            kernel.forget_pages(start, size)


def untouched(smaps: str) -> Iterator[tuple[int, int]]:
    """Address and size of each mapping that can be forgotten, in the words of proc_pid_smaps(5)."""
    for found in _MAPPING.finditer(smaps):
        start, stop = int(found[1], 16), int(found[2], 16)
        yield start, stop - start
