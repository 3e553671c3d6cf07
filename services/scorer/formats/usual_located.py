"""Reads guesses with boxes as nearly every file writes them, straight into place: numbers, single spaces, line feeds.

One pass, as `usual_rows` is for guesses without boxes. Whatever stands otherwise somewhere is left to `table`, which
also finds what is wrong with it.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from services.scorer.formats.blocks import Bytes
from services.scorer.formats.decimals import MOST_DIGITS, decimal
from services.scorer.formats.digits import DOT, MINUS, NEWLINE, NONE, ONE, SPACE, ZERO, digits
from services.scorer.formats.table import Decimals
from services.scorer.formats.tokens import LARGEST
from services.scorer.kernels import COMPILED, TEXT, kernel

_SIDES, _MOST_DIGITS, _LARGEST = 4, np.uint64(MOST_DIGITS), np.uint64(LARGEST)

Numbers = NDArray[np.int32]


def read_usual_located(text: Bytes, width: int, lines: int) -> tuple[Numbers, Numbers, Decimals] | None:
    """(lines, width) labels, (lines,) how many guesses each line has, (4, lines, width) sides, all filled with 0; None
    if `text` has anything unusual about it.
    """
    # Two bytes a line are the least there can be; so a wrong `lines` costs no memory.
    if not COMPILED or 2 * lines > len(text) + 1:
        return None
    numbers, lengths = np.empty((lines, width), np.int32), np.empty(lines, np.int32)
    boxes = np.empty((_SIDES, lines * width))
    if _read(text, numbers, lengths, boxes) != lines:
        return None
    return numbers, lengths, boxes.reshape(_SIDES, lines, width)


@kernel()
def _side(text: Bytes, start: Any, size: Any) -> tuple[float, Any, Any, bool]:
    """A side with a minus or a point: its value, where it ends, what stands there, and whether it was read."""
    negative = np.uint64(text[start]) - ZERO == MINUS
    first = start + ONE if negative else start
    number, place, end = digits(text, first, size, NONE)
    read, fraction, length = place > first, NONE, place - first
    if end == DOT:
        point = place + ONE
        number, place, end = digits(text, point, size, number)
        fraction = place - point
        length += fraction
        read = read and fraction > NONE
    if not read or length > _MOST_DIGITS:
        return 0.0, place, end, False
    value, sure = decimal(int(np.int64(number)), -int(np.int64(fraction)))
    return (-value if negative else value), place, end, sure


@kernel(f"int64({TEXT}, int32[:,::1], int32[::1], float64[:,::1])")
def _read(  # noqa: C901  (one loop over the bytes: what is rare is called out)
    text: Bytes, numbers: Numbers, lengths: Numbers, boxes: Decimals
) -> int:
    """How many lines were read; −1 where something is unusual. The last line may lack its end."""
    size, most, width = np.uint64(len(text)), np.uint64(len(lengths)), np.uint64(numbers.shape[1])
    flat: Any = numbers.reshape(-1)
    place, line = NONE, NONE
    while place < size:
        if line == most:
            return -1
        count, cell, end = NONE, line * width, SPACE
        while end == SPACE:
            label, stop, end = digits(text, place, size, NONE)
            if stop == place or stop - place > _MOST_DIGITS or label > _LARGEST:
                return -1
            place = stop + ONE
            if end != SPACE:
                # Of lines that end with a label, only a lone 0 is usual.
                if end != NEWLINE or count > NONE or label > NONE:
                    return -1
                break
            for side in range(_SIDES):
                if end != SPACE:
                    return -1
                number, stop, end = digits(text, place, size, NONE)
                value = float(np.int64(number))
                if stop == place or stop - place > _MOST_DIGITS or end == DOT:
                    if place == size:
                        return -1
                    value, stop, end, read = _side(text, place, size)
                    if not read:
                        return -1
                place = stop + ONE
                if count < width:
                    boxes[side, cell] = value
            if count < width:
                flat[cell] = label
                cell += ONE
            count += ONE
        if end != NEWLINE:
            return -1
        lengths[line] = count
        while cell < (line + ONE) * width:
            flat[cell] = 0
            for side in range(_SIDES):
                boxes[side, cell] = 0
            cell += ONE
        line += ONE
    return int(line)
