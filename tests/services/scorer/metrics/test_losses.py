"""Errors of classification beside fractions, whatever the numbers of labels."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.scorer.metrics.intervals import intervals
from services.scorer.metrics.losses import Integers, Losses, errors_by_guesses, flat

GUESSES = 3


def truth_of(counts: list[int]) -> Integers:
    """Labels 1 … n for each n of `counts`, padded with 0."""
    labels = np.arange(1, max(counts) + 1, dtype=np.int32)
    return np.where(labels <= np.array(counts)[:, None], labels, 0)


def expected(counts: list[int], guesses: Integers, rank: int) -> Fraction:
    """The mean over images of the share of labels that no guess up to `rank` hits."""
    hits = [len({int(g) for g in row[:rank] if 0 < g <= n}) for n, row in zip(counts, guesses, strict=True)]
    return sum((1 - Fraction(h, n) for h, n in zip(hits, counts, strict=True)), Fraction()) / len(counts)


@settings(max_examples=50)
@given(st.lists(st.integers(1, 100), min_size=1, max_size=120), st.integers(0, 2**32 - 1))
def test_means_are_the_fractions_rounded_once(counts: list[int], seed: int) -> None:
    guesses = np.random.default_rng(seed).integers(0, 101, (len(counts), GUESSES)).astype(np.int32)
    found = errors_by_guesses(guesses, truth_of(counts), flat, worst=1)
    for rank, losses in enumerate(found, start=1):
        assert losses.mean() == float(expected(counts, guesses, rank))
        ends = intervals(losses)
        assert 0 <= ends["99.9"].low <= ends["95"].low <= ends["95"].high <= ends["99.9"].high <= 1


@pytest.mark.parametrize("most", [40, 50, 100])
def test_where_every_guess_is_wrong_the_error_is_1_and_sure(most: int) -> None:
    counts = [n % most + 1 for n in range(3000)]
    (losses,) = errors_by_guesses(np.full((3000, 1), 5000, np.int32), truth_of(counts), flat, worst=1)
    assert losses.mean() == 1
    assert {(i.low, i.high) for i in intervals(losses).values()} == {(1, 1)}


def test_distances_are_shared_and_scaled_as_exactly() -> None:
    counts = [n % 97 + 1 for n in range(1000)]
    missed = np.zeros((1000, 1), np.int32)
    (losses,) = errors_by_guesses(missed, truth_of(counts), lambda _, labels: labels % 20, worst=19, unit=19)
    sums = [sum(label % 20 for label in range(1, n + 1)) for n in counts]
    assert losses.sum() == sum((Fraction(s, 19 * n) for s, n in zip(sums, counts, strict=True)), Fraction())


def test_rounded_steps_give_the_interval_that_exact_steps_give() -> None:
    random = np.random.default_rng(7)
    exact = random.integers(0, 13, 4000) * 2310
    fine = Losses(exact.astype(np.uint32), 27720)
    rounded = Losses((exact * 2**40 + 13860) // 27720, 2**40, fine.sum())
    assert rounded.mean() == fine.mean()
    deviation = float(exact.std()) / 27720 / np.sqrt(4000)
    for level, ends in intervals(fine).items():
        assert intervals(rounded)[level].low == pytest.approx(ends.low, abs=0.05 * deviation)
        assert intervals(rounded)[level].high == pytest.approx(ends.high, abs=0.05 * deviation)
