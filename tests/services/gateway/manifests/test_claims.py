"""Claims, against a slow and obvious second opinion: both ways to round, written out digit by digit."""

from decimal import ROUND_HALF_DOWN, ROUND_HALF_UP, Decimal
from fractions import Fraction

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from services.gateway.manifests.claims import judge, unreported, unscored

SCORES = st.floats(0, 1) | st.integers(0, 50_000).map(lambda wrong: wrong / 50_000) | st.floats(0, 30)
DECIMALS = st.integers(0, 12)


def rounded(score: float, decimals: int) -> set[str]:
    """The score with so many decimals, as people round it and, where it is half-way, as it may be rounded as well."""
    unit = Decimal(1).scaleb(-decimals)
    shown = Decimal(repr(score))
    return {format(shown.quantize(unit, way), "f") for way in (ROUND_HALF_UP, ROUND_HALF_DOWN)}


def moved(claim: str, units: int) -> str:
    """The claim, so many units of its last decimal away."""
    decimals = len(claim.partition(".")[2])
    digits = int(claim.replace(".", "")) + units
    return format(Decimal(digits).scaleb(-decimals), "f")


@given(SCORES, DECIMALS)
@example(0.0625, 3)
@example(0.06185, 4)
@example(0.5, 0)
def test_a_score_reproduces_what_it_is_rounded_to_and_nothing_beside_it(score: float, decimals: int) -> None:
    right = rounded(score, decimals)
    for claim in right:
        assert judge(claim, score).reproduced
        for units in (-2, -1, 1, 2):
            other = moved(claim, units)
            assert judge(other, score).reproduced is (other in right)


@given(SCORES, DECIMALS, st.integers(-5, 5), st.decimals(0, 1, places=6))
def test_a_tolerance_only_adds_what_is_no_farther_away(
    score: float, decimals: int, units: int, tolerance: Decimal
) -> None:
    claim = moved(min(rounded(score, decimals)), units)
    near = abs(Fraction(repr(score)) - Fraction(claim)) <= Fraction(tolerance)
    assert judge(claim, score, format(tolerance, "f")).reproduced is (near or claim in rounded(score, decimals))


@given(SCORES, st.decimals(0, 1, places=5))
def test_the_difference_is_score_minus_claim(score: float, claim: Decimal) -> None:
    judged = judge(format(claim, "f"), score)
    assert judged.difference == float(Fraction(repr(score)) - Fraction(claim))
    assert (judged.claimed, judged.score) == (float(claim), score)


@pytest.mark.parametrize(
    ("claim", "reproduced"),
    [("0.062", True), ("0.0618", True), ("0.06178", True), ("0.06180", False), ("6.178", False)],
)
def test_a_claim_is_as_exact_as_it_is_written(claim: str, reproduced: bool) -> None:
    assert judge(claim, 0.06178).reproduced is reproduced


def test_a_claim_without_a_score_says_nothing_and_one_without_a_metric_names_those_there_are() -> None:
    assert unscored("0.10").reproduced is None
    refusal = unreported("top_6_error", {"top_5_error": 0.1, "top_1_error": 0.2})
    assert "'top_6_error'" in refusal.sentence
    assert refusal.remedy == "it reports: top_1_error, top_5_error"
