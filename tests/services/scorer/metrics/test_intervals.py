"""Intervals: exact where they can be, beside the published table and a bootstrap done round by round."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.scorer.metrics.intervals import intervals
from services.scorer.metrics.losses import Losses
from tests.reference import classification as reference

# IJCV 2015, table 8, classification: error and its 99.9 % interval, per cent, of 100,000 test images.
TABLE = [
    (6.66, 6.40, 6.92),
    (7.32, 7.05, 7.60),
    (8.06, 7.78, 8.34),
    (11.20, 10.87, 11.53),
    (14.18, 13.83, 14.54),
    (16.42, 16.04, 16.80),
    (26.17, 25.71, 26.65),
    (29.58, 29.09, 30.04),
]


def flat_losses(wrong: int, images: int) -> Losses:
    return Losses(np.repeat(np.array([1, 0], np.uint8), [wrong, images - wrong]), 1)


@pytest.mark.parametrize(("error", "low", "high"), TABLE)
def test_published_intervals_are_found_again(error: float, low: float, high: float) -> None:
    found = intervals(flat_losses(round(error * 1000), 100_000))["99.9"]
    # The published ends come from 20,000 random rounds, and were rounded.
    assert found.low * 100 == pytest.approx(low, abs=0.03)
    assert found.high * 100 == pytest.approx(high, abs=0.03)


@given(st.integers(1, 60), st.data())
def test_two_valued_losses_give_the_binomial_quantiles(images: int, data: st.DataObject) -> None:
    wrong = data.draw(st.integers(0, images))
    share = wrong / images
    chances = [math.comb(images, k) * share**k * (1 - share) ** (images - k) for k in range(images + 1)]
    rising = np.cumsum(chances)
    for level, discarded in (("95", 0.025), ("99.9", 0.0005)):
        found = intervals(flat_losses(wrong, images))[level]
        assert round(found.low * images) == next(k for k in range(images + 1) if rising[k] >= discarded)
        assert round(found.high * images) == next(k for k in range(images + 1) if rising[k] >= 1 - discarded)


@pytest.mark.parametrize(
    "losses",
    [
        pytest.param([0] * 150 + [1] * 30 + [2] * 15 + [7] * 10 + [19] * 5, id="heights"),
        pytest.param([0] * 199 + [19], id="one image lost"),
        pytest.param([6, 3, 2, 4] * 40 + [0] * 40, id="parts of 12"),
    ],
)
def test_many_valued_losses_agree_with_a_bootstrap_round_by_round(losses: list[int]) -> None:
    found = intervals(Losses(np.array(losses, np.uint8), 12))
    low, high = reference.bootstrap([loss / 12 for loss in losses], 95, rounds=4000, seed=1)
    deviation = float(np.std(losses)) / 12 / math.sqrt(len(losses))
    assert found["95"].low == pytest.approx(low, abs=0.2 * deviation)
    assert found["95"].high == pytest.approx(high, abs=0.2 * deviation)
    assert found["99.9"].low <= found["95"].low <= found["95"].high <= found["99.9"].high


def test_coarser_steps_give_nearly_the_exact_interval() -> None:
    losses = Losses(np.random.default_rng(3).integers(0, 40, 5000).astype(np.uint8), 1)
    exact, coarse = intervals(losses), intervals(losses, widest_span=2**13)
    deviation = float(losses.per_image.std()) / math.sqrt(5000)
    for level in exact:
        assert coarse[level].low == pytest.approx(exact[level].low, abs=0.05 * deviation)
        assert coarse[level].high == pytest.approx(exact[level].high, abs=0.05 * deviation)


def test_losses_of_very_fine_steps_agree_with_drawn_rounds() -> None:
    random = np.random.default_rng(5)
    values, counts = np.unique(random.integers(0, 12, 40_000) * 2310, return_counts=True)
    losses = Losses(np.repeat(values, counts).astype(np.uint32), 27720)
    drawn = np.sort(random.multinomial(40_000, counts / 40_000, size=20_000) @ values) / (40_000 * 27720)
    found = intervals(losses)
    deviation = float(drawn.std())
    assert found["95"].low == pytest.approx(drawn[500], abs=0.1 * deviation)
    assert found["95"].high == pytest.approx(drawn[19_500], abs=0.1 * deviation)


def test_losses_without_a_common_step_agree_with_the_normal_limit() -> None:
    losses = Losses(np.random.default_rng(5).integers(0, 2520, 30_000).astype(np.uint16), 2520)
    half = 1.959964 * float(losses.per_image.std()) / 2520 / math.sqrt(30_000)
    found = intervals(losses)["95"]
    assert found.low == pytest.approx(losses.mean() - half, abs=0.02 * half)
    assert found.high == pytest.approx(losses.mean() + half, abs=0.02 * half)


@pytest.mark.parametrize("wrong", [0, 50])
def test_where_all_images_lose_the_same_the_interval_is_a_point(wrong: int) -> None:
    assert {(i.low, i.high) for i in intervals(flat_losses(wrong, 50)).values()} == {(wrong / 50, wrong / 50)}
