"""The order in which detections are judged: by category, by falling confidence; ties by image, then as in the file."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.scorer.metrics import ranking
from services.scorer.metrics.ranking import Parted, part, rank

CATEGORIES = 4

numbers = st.integers(0, CATEGORIES + 1)
images = st.sampled_from([1, 2, 3, 65_535, 65_536, 65_537, 10_000_000])
confidences = st.sampled_from([0.0, -0.0, 0.5, 1.0, float("inf"), float("-inf")]) | st.floats(allow_nan=False)
rows = st.lists(st.tuples(numbers, images, confidences), max_size=200)

Rows = list[tuple[int, int, float]]


def parted(found: Rows) -> Parted:
    """Rows whose first corner is their place in the file, from 0."""
    columns = list(zip(*found, strict=True)) or [(), (), ()]
    corners = np.arange(4.0 * len(found)).reshape(4, -1)
    return part(
        *(np.array(*one) for one in zip(columns, (np.int32, np.int32, float), strict=True)), corners, CATEGORIES
    )


def places(found: Parted) -> list[int]:
    """Where each row stood in the file."""
    return found.corners[0].astype(int).tolist()  # type: ignore[no-any-return]


@given(rows)
def test_rows_are_ranked_as_a_stable_sort_ranks_them(found: Rows) -> None:
    together = parted(found)
    order = rank(together)
    kept = [row for row in range(len(found)) if 1 <= found[row][0] <= CATEGORIES]
    expected = sorted(kept, key=lambda row: (found[row][0], -found[row][2], found[row][1]))
    assert [places(together)[row] for row in order] == expected
    of = [found[row][0] for row in expected]
    assert together.starts.tolist() == [sum(one < category for one in of) for category in range(1, CATEGORIES + 2)]


@given(rows)
def test_a_row_keeps_all_that_is_its_own(found: Rows) -> None:
    together = parted(found)
    kept = [(found[row][1], found[row][2]) for row in places(together)]
    assert list(zip(together.images.tolist(), together.confidences.tolist(), strict=True)) == kept
    assert (np.diff(together.corners, axis=0) == len(found)).all()


@given(rows)
def test_compiled_and_uncompiled_ways_agree(found: Rows) -> None:
    together = parted(found)
    with pytest.MonkeyPatch.context() as uncompiled:
        uncompiled.setattr(ranking, "_place", ranking._place_in_arrays)
        assert places(parted(found)) == places(together)
    order = np.empty(len(together.images), np.int64)
    ranking._rank_in_arrays(together.images, together.confidences, together.starts, order)
    assert order.tolist() == rank(together).tolist()
