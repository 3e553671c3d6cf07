"""The order in which detections are judged: by category, by falling confidence; ties by image, then as in the file."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from services.scorer.metrics.ranking import (
    _by_confidence_compiled,
    _by_confidence_in_arrays,
    _by_digit_compiled,
    _by_digit_in_arrays,
    rank,
)

CATEGORIES = 4

numbers = st.integers(0, CATEGORIES + 1)
images = st.sampled_from([1, 2, 3, 65_535, 65_536, 65_537, 10_000_000])
confidences = st.sampled_from([0.0, -0.0, 0.5, 1.0, float("inf"), float("-inf")]) | st.floats(allow_nan=False)
rows = st.lists(st.tuples(numbers, images, confidences), max_size=200)


@given(rows)
def test_rows_are_ranked_as_a_stable_sort_ranks_them(rows: list[tuple[int, int, float]]) -> None:
    columns = list(zip(*rows, strict=True)) or [(), (), ()]
    ranking = rank(np.array(columns[0], np.int32), np.array(columns[1], np.int32), np.array(columns[2]), CATEGORIES)
    kept = [row for row in range(len(rows)) if 1 <= rows[row][0] <= CATEGORIES]
    expected = sorted(kept, key=lambda row: (rows[row][0], -rows[row][2], rows[row][1]))
    assert ranking.order.tolist() == expected
    of = [rows[row][0] for row in expected]
    assert ranking.starts.tolist() == [sum(one < category for one in of) for category in range(1, CATEGORIES + 2)]


@given(rows)
def test_compiled_and_uncompiled_sorts_agree(rows: list[tuple[int, int, float]]) -> None:
    found = np.array([row[1] for row in rows], np.int32)
    order = np.arange(len(rows))
    for shift in (0, 16):
        assert _by_digit_compiled(found, order, shift).tolist() == _by_digit_in_arrays(found, order, shift).tolist()
    values, starts, other = np.array([row[2] for row in rows]), np.array([0, len(rows) // 3, len(rows)]), order.copy()
    _by_confidence_compiled(values, starts, order)
    _by_confidence_in_arrays(values, starts, other)
    assert order.tolist() == other.tolist()
