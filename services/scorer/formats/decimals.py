"""The double nearest to mantissa · 10^exponent, exactly as Python's float() rounds: ties to even.

Called by the tokenizer for each number that is no whole one. Source of the long way: Lemire, "Number parsing at a
gigabyte per second" (2021); Mushtak and Lemire (2023) show that 128 bits of the power always decide.
"""

import math

import numpy as np

from services.scorer.kernels import COMPILED, kernel

EXACT = 2**53
"""Whole numbers below are doubles, and so are the powers of ten up to 22: one division or product rounds once."""

MOST_DIGITS = 18
"""So many digits fit in 63 bits."""

LEAST_POWER, GREATEST_POWER = -290, 280
"""10^-290 times a mantissa is no subnormal number, 18 digits times 10^280 no infinity: beyond, Python reads."""

_TENS = np.array([float(10**power) for power in range(23)])


def _power_of_five(power: int) -> tuple[int, int]:
    """The first 128 bits of 5^power, in halves: cut off for powers that are whole, rounded up for fractions."""
    if power >= 0:
        whole = 5**power
        bits = whole << 128 >> whole.bit_length()
    else:
        below = 5**-power
        bits = (1 << below.bit_length() + 127) // below + 1
    return bits >> 64, bits & 2**64 - 1


_FIVES = np.array([_power_of_five(power) for power in range(LEAST_POWER, GREATEST_POWER + 1)], np.uint64)

_LOW = np.uint64(2**32 - 1)
_HALF, _ONE, _ZERO, _TOP = np.uint64(32), np.uint64(1), np.uint64(0), np.uint64(63)
_UNSURE = np.uint64(2**9 - 1)
_HIDDEN = np.uint64(2**52)


@kernel()
def _product(left: np.uint64, right: np.uint64) -> tuple[np.uint64, np.uint64]:
    """128 bits in halves, the high one first."""
    a, b, c, d = left >> _HALF, left & _LOW, right >> _HALF, right & _LOW
    low = b * d
    middle = a * d + (low >> _HALF)
    other = b * c + (middle & _LOW)
    return a * c + (middle >> _HALF) + (other >> _HALF), (other << _HALF) | (low & _LOW)


@kernel()
def _rounded(mantissa: np.uint64, exponent: int) -> float:
    shift = 0
    while mantissa >> _TOP == _ZERO:
        mantissa <<= _ONE
        shift += 1
    high, low = _product(mantissa, _FIVES[exponent - LEAST_POWER, 0])
    if high & _UNSURE == _UNSURE:
        more, _ = _product(mantissa, _FIVES[exponent - LEAST_POWER, 1])
        low += more
        if more > low:
            high += _ONE
    top = high >> _TOP
    kept = high >> (top + np.uint64(9))
    # Exactly between two doubles: only small powers of ten reach that.
    if low <= _ONE and -4 <= exponent <= 23 and kept & np.uint64(3) == _ONE and kept << (top + np.uint64(9)) == high:
        kept &= ~_ONE
    kept = (kept + (kept & _ONE)) >> _ONE
    power = ((217706 * exponent) >> 16) + 63 + np.int64(top) - shift
    # 53 bits, of which the first is worth 2^power.
    return math.ldexp(float(kept), int(power - 52))


@kernel("Tuple((float64, boolean))(int64, int64)")
def decimal(mantissa: int, exponent: int) -> tuple[float, bool]:
    """The double and True; or False where only the digits themselves can tell (`float` of the text)."""
    if mantissa < EXACT and -22 <= exponent <= 22:
        if exponent < 0:
            return mantissa / _TENS[-exponent], True
        return mantissa * _TENS[exponent], True
    if mantissa == 0:
        return 0.0, True
    if not COMPILED or exponent < LEAST_POWER or exponent > GREATEST_POWER:
        return 0.0, False
    return _rounded(np.uint64(mantissa), exponent), True
