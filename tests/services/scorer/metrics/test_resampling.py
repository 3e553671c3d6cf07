"""The interval of a mean average precision: images drawn again, everything measured anew."""

import random
from dataclasses import replace

import numpy as np
import pytest

from services.scorer.metrics.objects import Judged, Objects, judge, objects
from services.scorer.metrics.resampling import (
    ABREAST,
    DRAW,
    FEWEST_ROUNDS,
    MOST_ADDITIONS,
    ROUNDS,
    _count_compiled,
    _count_in_arrays,
    _measure_compiled,
    _measure_in_arrays,
    _sum_rows_compiled,
    _sum_rows_in_arrays,
    mean_intervals,
    rounds_for,
)
from tests.reference import detection as reference
from tests.reference.detection import Thing

IMAGES = 12


def drawn_case(seed: int) -> tuple[list[Thing], list[Thing]]:
    """Objects and detections in a few images, about half of them right; no two confidences equal."""
    chance = random.Random(seed)
    there, seen = [], []
    for image in range(1, IMAGES + 1):
        for category in (1, 2):
            x = chance.randrange(50)
            there.append(Thing(image, category, (x, x, x + 40, x + 40)))
            for _ in range(2):
                off = chance.choice([0, 60])
                seen.append(Thing(image, category, (x + off, x, x + off + 40, x + 40), chance.random()))
    return there, seen


def judged(there: list[Thing], seen: list[Thing]) -> tuple[Objects, Judged]:
    def arrays(things: list[Thing]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        images, categories = (np.array([getattr(t, name) for t in things], np.int32) for name in ("image", "category"))
        return images, categories, np.array([t.box for t in things], np.float64).T

    truth = objects(*arrays(there), np.empty((0, 2), np.int32))
    images, categories, corners = arrays(seen)
    return truth, judge(truth, images, categories, np.array([t.confidence for t in seen]), corners)


@pytest.mark.parametrize("seed", [1, 2])
def test_agrees_with_measuring_each_drawn_set_of_images_anew(seed: int) -> None:
    there, seen = drawn_case(seed)
    means = reference.resampled(there, seen, IMAGES, rounds=3000, seed=seed)
    ends = mean_intervals(*judged(there, seen), [], IMAGES)["95"]
    assert (ends.low, ends.high) == pytest.approx(np.quantile(means, [0.025, 0.975]), abs=0.02)


def test_images_without_anything_are_drawn_too() -> None:
    there, seen = drawn_case(6)
    means = reference.resampled(there, seen, 3 * IMAGES, rounds=3000, seed=6)
    ends = mean_intervals(*judged(there, seen), [], 3 * IMAGES)["95"]
    assert (ends.low, ends.high) == pytest.approx(np.quantile(means, [0.025, 0.975]), abs=0.02)


def test_detections_beyond_the_images_are_never_drawn() -> None:
    there, seen = drawn_case(7)
    beyond = [Thing(IMAGES + 7, 1, (0, 0, 9, 9), 2.0), Thing(2**31 - 1, 2, (0, 0, 9, 9), 0.5)]
    assert mean_intervals(*judged(there, seen), [], IMAGES) == mean_intervals(
        *judged(there, [*seen, *beyond]), [], IMAGES
    )


def test_which_images_are_empty_changes_nothing() -> None:
    there, seen = drawn_case(8)

    def moved(things: list[Thing]) -> list[Thing]:
        return [replace(thing, image=1000 * thing.image) for thing in things]

    population = 10_000_000
    assert mean_intervals(*judged(there, seen), [], population) == mean_intervals(
        *judged(moved(there), moved(seen)), [], population
    )


def test_the_same_data_have_the_same_interval_and_wider_levels_hold_narrower_ones() -> None:
    case = judged(*drawn_case(3))
    found = mean_intervals(*case, [], IMAGES)
    assert found == mean_intervals(*case, [], IMAGES)
    assert found["99.9"].low <= found["95"].low <= found["95"].high <= found["99.9"].high


def test_a_perfect_file_is_perfect_in_every_round() -> None:
    there, _ = drawn_case(4)
    ends = mean_intervals(*judged(there, there), [], IMAGES)["99.9"]
    assert (ends.low, ends.high) == (1, 1)


def test_values_that_no_round_changes_are_in_each_mean() -> None:
    there, _ = drawn_case(5)
    ends = mean_intervals(*judged(there, there), [0.0, 0.0], IMAGES)["99.9"]
    assert (ends.low, ends.high) == (0.5, 0.5)


@pytest.mark.parametrize(
    ("detections", "rounds"),
    [(0, ROUNDS), (3_000_000, ROUNDS), (6_000_000, 12_500), (10**12, FEWEST_ROUNDS)],
)
def test_rounds_are_fewer_for_very_large_files_only(detections: int, rounds: int) -> None:
    assert rounds_for(detections, 100_000) == rounds
    assert rounds * (detections + DRAW * 100_000) <= MOST_ADDITIONS or rounds == FEWEST_ROUNDS


def test_what_is_compiled_and_what_is_said_in_arrays_give_the_same() -> None:
    chance = np.random.default_rng(1)
    counts = np.zeros((2, ABREAST, 31), np.uint8)
    for compiled, plain in zip(*counts, strict=True):
        bits = chance.integers(0, 2**32, 29, np.uint32)
        _count_compiled(bits, compiled)
        _count_in_arrays(bits, plain)
    assert (counts[0] == counts[1]).all()
    assert (counts[0].sum(axis=1) == 29).all()
    weights = np.ascontiguousarray(counts[0].T)
    images, ends = chance.integers(0, 30, 100).astype(np.int32), np.array([0, 3, 3, 99])
    sums = [np.zeros((4, ABREAST), np.int32) for _ in range(2)]
    _sum_rows_compiled(weights, images, ends, sums[0])
    _sum_rows_in_arrays(weights, images, ends, sums[1])
    assert (sums[0] == sums[1]).all()
    areas = [np.zeros(ABREAST) for _ in range(2)]
    _measure_compiled(weights, images[:4], sums[0], areas[0])
    _measure_in_arrays(weights, images[:4], sums[0], areas[1])
    assert areas[0].tobytes() == areas[1].tobytes()
