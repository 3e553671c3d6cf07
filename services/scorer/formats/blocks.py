"""Cuts a text file into blocks of whole lines, small enough that everything done to a block stays in cache.

First step of reading: recognise → blocks → tokens → rows.
"""

import mmap
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from shared.errors import Fault, Unreadable

Readable = bytes | bytearray | memoryview | mmap.mmap
"""What a file may come as. A memory-mapped file is never copied whole."""

Bytes = NDArray[np.uint8]

BLOCK_BYTES = 2**17
"""The steps of reading hold about ten arrays of a block's size: 128 KiB keeps them in 1–2 MiB of cache.
Also the greatest length of a line: at 11 bytes an id, over 10,000 ids."""

PAD = 8
"""Line ends put before each block, so that looking a few bytes back needs no special case."""

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
BLANKS = b" \t\r\n"


def content(data: Readable) -> Bytes:
    """The bytes of a file between a UTF-8 byte order mark and trailing blanks or blank lines, without copying."""
    view = memoryview(data).cast("B")
    start = len(BYTE_ORDER_MARK) if bytes(view[:3]) == BYTE_ORDER_MARK else 0
    end = len(view)
    while end > start:
        tail = bytes(view[max(start, end - BLOCK_BYTES) : end])
        kept = len(tail.rstrip(BLANKS))
        end -= len(tail) - kept
        if kept:
            break
    return np.frombuffer(view[start:end], np.uint8) if end > start else np.empty(0, np.uint8)


def blocks(text: Bytes) -> Iterator[Bytes]:
    """Cut `text` into blocks: `PAD` line ends, then whole lines. A last line without its end is given one.

    Raises `Unreadable` at a line longer than `BLOCK_BYTES`.
    """
    start = 0
    while start < len(text):
        stop = _after_last_line(text, start)
        block = np.empty(PAD + stop - start + 1, np.uint8)
        block[:PAD] = block[-1] = ord("\n")
        block[PAD:-1] = text[start:stop]
        yield block if stop == len(text) else block[:-1]
        start = stop


def _after_last_line(text: Bytes, start: int) -> int:
    """Where the block that begins at `start` ends: after a line end, or with the text."""
    stop = start + BLOCK_BYTES
    if stop >= len(text):
        return len(text)
    for tail_bytes in (BLOCK_BYTES // 64, BLOCK_BYTES):
        place = text[stop - tail_bytes : stop].tobytes().rfind(b"\n")
        if place >= 0:
            return stop - tail_bytes + place + 1
    raise _line_too_long(int(np.count_nonzero(text[:start] == ord("\n"))) + 1)


def _line_too_long(line: int) -> Unreadable:
    sentence = f"Line {line:,} is longer than {BLOCK_BYTES:,} bytes, which no line of ids is."
    remedy = "Write one line per image, each ended by a line feed."
    return Unreadable("line-too-long", sentence, remedy, (Fault("line-too-long", sentence, remedy, line, 1),))
