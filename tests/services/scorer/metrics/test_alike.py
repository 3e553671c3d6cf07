"""Images drawn by their kind: the same rounds in distribution, and far fewer numbers to draw."""

import numpy as np
import pytest

from services.scorer.metrics.alike import KIND_DRAWS, kinds_of
from services.scorer.metrics.objects import judge, objects
from services.scorer.metrics.resampling import contest_intervals, mean_intervals
from tests.reference import detection as reference
from tests.reference.detection import Thing
from tests.services.scorer.metrics.test_resampling import drawn_case, judged

COMMON = 2 * KIND_DRAWS


def held(image: int, *categories: int) -> list[Thing]:
    return [Thing(image, category, (0, 0, 9, 9)) for category in categories]


def test_kinds_are_what_images_hold_and_rare_ones_are_none() -> None:
    images = [[1, 1, 2], *[[1, 2]] * KIND_DRAWS, *[[2, 2]] * COMMON, *[[1, 2, 2]] * (KIND_DRAWS - 1)]
    pairs = [(image, category) for image, categories in enumerate(images) for category in categories]
    by_category = [np.array([i for i, c in pairs if c == category], np.int32) for category in (1, 2)]
    kinds, together = kinds_of(by_category, np.ones(len(images), np.bool_))
    assert sorted(kinds.sizes.tolist()) == [KIND_DRAWS, COMMON]
    assert np.flatnonzero(together).tolist() == list(range(1, 1 + KIND_DRAWS + COMMON))
    once = np.identity(2, np.int64)
    found = {tuple(kinds.objects(category, once)[kind] for category in (0, 1)) for kind in (0, 1)}
    assert found == {(1, 1), (0, 2)}


@pytest.mark.parametrize("seed", [11, 12])
def test_rounds_by_kinds_agree_with_measuring_each_drawn_set_anew(seed: int) -> None:
    there, seen = drawn_case(seed)
    images = 12 + 2 * COMMON + 30
    there += [thing for image in range(13, 13 + COMMON) for thing in held(image, 1, 1, 2)]
    there += [thing for image in range(13 + COMMON, 13 + 2 * COMMON) for thing in held(image, 2)]
    means = reference.resampled(there, seen, images, rounds=3000, seed=seed)
    ends = mean_intervals(*judged(there, seen), [], images)["95"]
    assert (ends.low, ends.high) == pytest.approx(np.quantile(means, [0.025, 0.975]), abs=0.01)


def test_one_contest_has_the_interval_of_all_and_equal_ones_agree() -> None:
    truth, found = judged(*drawn_case(13))
    over_all, first, second = contest_intervals(truth, [found, found], [0.0], 12)
    assert first == second == mean_intervals(truth, found, [0.0], 12)
    for level, ends in over_all.items():
        assert (ends.low, ends.high) == pytest.approx((first[level].low, first[level].high), abs=1e-15)


def test_a_file_without_a_detection_has_an_interval_of_zeros() -> None:
    images = np.repeat(np.arange(1, COMMON + 1, dtype=np.int32), 2)
    categories = np.tile(np.array([1, 2], np.int32), COMMON)
    truth = objects(
        images, categories, np.tile(np.array([[0.0], [0], [9], [9]]), 2 * COMMON), np.empty((0, 2), np.int32)
    )
    none = np.empty(0, np.int32)
    ends = mean_intervals(truth, judge(truth, none, none, np.empty(0), np.empty((4, 0))), [], COMMON)["99.9"]
    assert (ends.low, ends.high) == (0, 0)
