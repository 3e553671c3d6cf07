"""Scores are written as one rounds by hand, against exact fractions; intervals never narrower than they are."""

from fractions import Fraction
from math import floor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.gateway.results.figures import MOST_DECIMALS, difference, figure, rounded
from shared.report import Interval

shares = st.floats(0, 1)
numbers = st.floats(-1e6, 1e6)
decimals = st.integers(0, MOST_DECIMALS)


def by_hand(value: float) -> Fraction:
    """The number as it is printed, exactly."""
    return Fraction(repr(value))


def half_up(value: Fraction, places: int) -> Fraction:
    """Rounded by hand: halves away from zero."""
    size = floor(abs(value) * 10**places + Fraction(1, 2))
    return Fraction(size if value >= 0 else -size, 10**places)


@given(shares, decimals)
def test_a_share_is_written_in_per_cent_rounded_as_by_hand_with_the_digits_asked_for(value: float, places: int) -> None:
    written = figure(value, None, is_share=True, decimals=places)
    assert Fraction(written.value) == half_up(100 * by_hand(value), places)
    assert len(written.value.partition(".")[2]) == places
    assert (written.unit, written.ends) == ("%", None)


@given(numbers, decimals)
def test_any_other_number_is_written_as_it_is(value: float, places: int) -> None:
    written = figure(value, None, is_share=False, decimals=places)
    assert Fraction(written.value) == half_up(by_hand(value), places)
    assert "e" not in written.value.lower()
    assert written.text() == written.value


@given(st.tuples(shares, shares, shares).map(sorted), decimals)
def test_a_written_interval_holds_the_true_one_the_value_and_no_more_than_a_digit_besides(
    ends: list[float], places: int
) -> None:
    low, value, high = ends
    written = figure(value, Interval(low=low, high=high), is_share=True, decimals=places)
    assert written.ends is not None
    shown_low, shown, shown_high = (Fraction(digits) for digits in (written.ends[0], written.value, written.ends[1]))
    assert shown_low <= 100 * by_hand(low) <= 100 * by_hand(high) <= shown_high
    assert shown_low <= shown <= shown_high
    step = Fraction(1, 10**places)
    assert 100 * by_hand(low) - shown_low < step
    assert shown_high - 100 * by_hand(high) < step


@given(numbers, numbers)
def test_a_difference_has_no_noise_of_binary_fractions(now: float, before: float) -> None:
    assert difference(now, before) == float(by_hand(now) - by_hand(before))
    assert difference(0.3, 0.1) == 0.2


@pytest.mark.parametrize(
    ("value", "places", "text"),
    [(0.06125, 2, "6.13 %"), (0.06178, 2, "6.18 %"), (1e-9, 2, "0.00 %"), (-1e-9, 2, "0.00 %"), (1, 0, "100 %")],
)
def test_what_people_round_by_hand(value: float, places: int, text: str) -> None:
    assert figure(value, None, is_share=True, decimals=places).text() == text


def test_an_interval_without_decimals_does_not_look_certain() -> None:
    shown = figure(0.06178, Interval(low=0.05972, high=0.06386), is_share=True, decimals=0)
    assert shown.text() == "6 % [5, 7]"


def test_a_share_rounded_is_the_claim_that_people_would_make() -> None:
    assert rounded(0.06178, 4) == 0.0618
    assert rounded(0.06125, 4) == 0.0613
