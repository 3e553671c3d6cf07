"""How a score is written: rounded as one does by hand, its interval outwards. Used by badges, exports and pages. Pure.

An end of an interval is never rounded inwards: with few digits it would look surer than it is, and 6.18 % [5.97, 6.39]
without decimals would be 6 % [6, 6]. So a written interval always holds the true one, and intervals that overlap still do.
"""

from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal

from shared.report import Interval

DECIMALS = 2
MOST_DECIMALS = 6


@dataclass(frozen=True, slots=True)
class Figure:
    """A score in digits, with the ends of its interval where it has one; `unit` is "%" or nothing."""

    value: str
    ends: tuple[str, str] | None
    unit: str

    def text(self) -> str:
        """In one line: `6.18 % [5.97, 6.39]`."""
        value = f"{self.value} {self.unit}".strip()
        return f"{value} [{self.ends[0]}, {self.ends[1]}]" if self.ends else value


def figure(value: float, interval: Interval | None, is_share: bool, decimals: int = DECIMALS) -> Figure:
    """A score in digits: a share (from 0 to 1) in per cent, anything else as it is."""
    shift = 2 if is_share else 0
    ends = None
    if interval is not None:
        low = _written(interval.low, shift, decimals, ROUND_FLOOR)
        ends = (low, _written(interval.high, shift, decimals, ROUND_CEILING))
    return Figure(_written(value, shift, decimals, ROUND_HALF_UP), ends, "%" if is_share else "")


def rounded(value: float, decimals: int) -> float:
    """`value` to so many decimals, half up."""
    return float(_written(value, 0, decimals, ROUND_HALF_UP))


def difference(now: float, before: float) -> float:
    """`now` - `before`, without the noise that binary fractions add: 0.3 - 0.1 is 0.2."""
    return float(_exact(now) - _exact(before))


def _written(value: float, shift: int, decimals: int, rounding: str) -> str:
    digits = _exact(value).scaleb(shift).quantize(Decimal(1).scaleb(-decimals), rounding)
    # What rounds to nothing has no sign.
    return f"{digits + 0:f}" if digits else f"{abs(digits):f}"


def _exact(value: float) -> Decimal:
    """The shortest decimal that is this float, which is the one that people see and round."""
    return Decimal(repr(float(value)))
