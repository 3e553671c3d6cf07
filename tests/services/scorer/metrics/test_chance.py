"""When hits are luck, beside exact sums; and where the images are too few to tell."""

from fractions import Fraction
from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.scorer.metrics.chance import LUCK, at_chance, most_by_luck


def exact_mark(images: int, share: Fraction) -> int:
    """The quantile by its definition."""
    below = Fraction(0)
    for hits in range(images + 1):
        below += comb(images, hits) * share**hits * (1 - share) ** (images - hits)
        if below >= Fraction(LUCK):
            return hits
    return images


@given(st.integers(1, 120), st.integers(1, 99))
def test_the_mark_is_the_exact_quantile(images: int, percent: int) -> None:
    assert most_by_luck(images, percent / 100) == exact_mark(images, Fraction(percent, 100))


def test_the_marks_of_the_real_sets() -> None:
    assert (most_by_luck(50_000, 0.005), most_by_luck(100_000, 0.005)) == (300, 570)


@pytest.mark.parametrize(
    ("hits", "images", "share", "chance"),
    [
        (250, 50_000, 0.005, True),
        (300, 50_000, 0.005, True),
        (301, 50_000, 0.005, False),
        (0, 50_000, 0.0, True),
        (0, 152, 0.005, True),
        (0, 151, 0.005, False),
        (0, 10, 0.005, False),
        (0, 4, 0.5, False),
        (3, 3, 1.0, False),
        (50_000, 50_000, 1.0, False),
        (5, 10_000_000, 0.005, True),
    ],
)
def test_chance_is_claimed_where_it_can_be_told(hits: int, images: int, share: float, chance: bool) -> None:
    assert at_chance(hits, images, share) is chance


def test_more_hits_are_never_more_like_luck() -> None:
    claims = [at_chance(hits, 1000, 0.01) for hits in range(100)]
    assert claims == sorted(claims, reverse=True)
    assert claims[0]
    assert not claims[-1]
