"""Lets go of the pages that only warming needed: the process outside the walls would keep them for ever.

The compiler's library alone is 60 MiB of a scorer at rest. Whoever needs a page again finds it in the system's cache.
"""

import contextlib
import re
from collections.abc import Iterator
from pathlib import Path

from services.scorer.sandbox import kernel

_MAPPING = re.compile(
    r"^([0-9a-f]+)-([0-9a-f]+) r-.. \S+ \S+ \d+ +/.*\n(?:\w+:.*\n)*?Anonymous: +0 kB\n(?:\w+:.*\n)*?Swap: +0 kB$",
    re.ASCII | re.MULTILINE,
)
"""In smaps: what is mapped from a file, cannot be written, and has no page of its own (as relocated ones are), nor one
that is swapped out."""


def let_go() -> None:
    """Give freed memory back, and have the kernel forget pages of files, which it can read again. Linux; else nothing."""
    if not kernel.LINUX:
        return
    kernel.trim()
    # Some kernels do not tell: then everything stays as it is.
    with contextlib.suppress(OSError):
        for start, size in untouched(Path("/proc/self/smaps").read_text(errors="replace")):
            kernel.forget_pages(start, size)


def untouched(smaps: str) -> Iterator[tuple[int, int]]:
    """Address and size of each mapping that can be forgotten, in the words of proc_pid_smaps(5)."""
    for found in _MAPPING.finditer(smaps):
        start, stop = int(found[1], 16), int(found[2], 16)
        yield start, stop - start
