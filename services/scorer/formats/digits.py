"""The innermost loop of the readers that take usual files in one pass: digits, as an unsigned number.

All of it is unsigned: then one comparison tells a digit, and no index is looked at for its sign. What is no digit is its
distance from 0, beyond the largest number and round to there.
"""

from typing import Any

import numpy as np

from services.scorer.formats.blocks import Bytes
from services.scorer.kernels import kernel

NONE, ONE, NINE, TEN, ZERO = (np.uint64(number) for number in (0, 1, 9, 10, ord("0")))
NEWLINE, SPACE, DOT, MINUS = (np.uint64(ord(mark) - ord("0") + 2**64) for mark in "\n .-")


@kernel()
def digits(text: Bytes, place: Any, size: Any, number: Any) -> tuple[Any, Any, Any]:
    """`number` with the digits from `place` on behind it, where they end, and what stands there: at the end, a newline."""
    while place < size:
        end = np.uint64(text[place]) - ZERO
        if end > NINE:
            return number, place, end
        number = number * TEN + end
        place += ONE
    return number, place, NEWLINE
