"""Reads rows as nearly every file writes them, straight into place: digits, single spaces, line feeds, nothing else.

One pass, no blocks, nothing in between. Whatever stands otherwise somewhere is left to `rows`, which also finds what
is wrong with it.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.scorer.formats.blocks import BLOCK_BYTES, Bytes
from services.scorer.formats.digits import NEWLINE, NONE, ONE, SPACE, digits
from services.scorer.formats.tokens import LARGEST
from services.scorer.kernels import COMPILED, TEXT, kernel

_SURE_DIGITS = np.uint64(18)
_LARGEST, _LONGEST_LINE = np.uint64(LARGEST), np.uint64(BLOCK_BYTES)

Numbers = NDArray[np.int32]


def read_usual_rows(text: Bytes, width: int, lines: int) -> tuple[Numbers, Numbers] | None:
    """(lines, width) numbers, filled with 0, and the lines' lengths; None if `text` has anything unusual about it."""
    # Two bytes a line are the least there can be; so a wrong `lines` costs no memory.
    if not COMPILED or 2 * lines > len(text) + 1:
        return None
    numbers, lengths = np.empty((lines, width), np.int32), np.empty(lines, np.int32)
    return (numbers, lengths) if _read(text, numbers, lengths) == lines else None


@kernel(f"int64({TEXT}, int32[:,::1], int32[::1])")
def _read(text: Bytes, numbers: Numbers, lengths: Numbers) -> int:
    """How many lines were read; −1 where something is unusual. The last line may lack its end."""
    size, most, width = np.uint64(len(text)), np.uint64(len(lengths)), np.uint64(numbers.shape[1])
    flat: Any = numbers.reshape(-1)
    place, line = NONE, NONE
    while place < size:
        if line == most:
            return -1
        line_start, count, end = place, NONE, SPACE
        while end == SPACE:
            number_start = place
            number, place, end = digits(text, place, size, NONE)
            if place == number_start or place - number_start > _SURE_DIGITS or number > _LARGEST:
                return -1
            if count < width:
                flat[line * width + count] = number
            count += ONE
            place += ONE
        if end != NEWLINE or place - line_start > _LONGEST_LINE:
            return -1
        lengths[line] = count
        for index in range(count, width):
            flat[line * width + np.uint64(index)] = 0
        line += ONE
    return int(line)
