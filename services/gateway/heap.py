"""Large buffers go back to the system when they are done with.

Each upload has a buffer of 8 MiB. glibc takes the first such from the system and gives it back, then learns to keep the
next ones in its heaps: measured over six uploads, a gateway grew by 76 MiB that it had no use for; with this by 6.
"""

import ctypes
import logging

log = logging.getLogger(__name__)

M_MMAP_THRESHOLD = -3
"""malloc.h's name for it: from this size on a buffer is the system's. Setting it ends the learning."""

LARGE_BYTES = 256 * 1024


def return_large_buffers() -> None:
    """Have every buffer from LARGE_BYTES on mapped by itself; nothing happens where malloc is not glibc's."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None or not mallopt(M_MMAP_THRESHOLD, LARGE_BYTES):
        log.info("this malloc may keep the memory of large uploads")
