"""Rows of JSON that look alike, read in one go: what a JSON library finds in them, or nothing."""

import json
import struct

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from services.scorer.formats import json_boxes
from services.scorer.formats.blocks import content
from services.scorer.formats.boxes import box_grammar
from services.scorer.formats.json_boxes import read_json_table
from shared.errors import Unreadable

GRAMMAR = box_grammar("image")

reals = st.one_of(st.floats(-1e9, 1e9), st.integers(-(2**31), 2**32), st.floats(0, 1), st.just(1e-05))
boxes = st.tuples(st.integers(0, 2**31), st.integers(-3, 2**31), *[reals] * 5)
layouts = st.sampled_from([{}, {"indent": 1}, {"separators": (",", ":")}, {"sort_keys": True}])
marks = st.sampled_from(["", "0", " ", "\n", ",", ".", "-", "e1", "]", "[", '"', "NaN"])


def as_coco(row: tuple[float, ...]) -> dict[str, object]:
    image, category, score, *box = row
    return {"image_id": image, "bbox": box, "score": score, "category_id": category}


def one_by_one(text: bytes, coco: bool) -> json_boxes.JsonTable:
    """The way on which each row is an object."""
    reading = json_boxes.Reading(text, GRAMMAR, coco)
    return reading.table()


@given(st.lists(boxes, min_size=1, max_size=6), layouts, st.booleans(), st.booleans(), st.integers(0), marks)
@example([(1, 2, 0.5, 1, 2, 3, 4)], {}, False, True, 15, "0")
@example([(1, 2, 0.5, 1, 2, 3, 4)] * 2, {}, True, True, 0, "")
def test_the_quick_way_finds_what_the_slow_one_finds_or_nothing(
    rows: list[tuple[float, ...]], layout: dict[str, object], coco: bool, wrapped: bool, place: int, mark: str
) -> None:
    """A mark put anywhere makes a file unusual, or means the same to both."""
    written = [as_coco(row) for row in rows] if coco else [list(row) for row in rows]
    text = json.dumps({"predictions": written} if wrapped else written, **layout)  # type: ignore[arg-type]
    place %= len(text) + 1
    data = (text[:place] + mark + text[place:]).encode()
    found = json_boxes.read_usual(content(data), GRAMMAR, coco)
    if found is None:
        return
    expected = one_by_one(data, coco)
    assert found.starts.tolist() == expected.starts.tolist()
    assert found.values.tobytes() == expected.values.tobytes()


@pytest.mark.parametrize("layout", [{}, {"indent": 2}, {"separators": (",", ":")}, {"sort_keys": True}])
@pytest.mark.parametrize("coco", [True, False])
def test_what_json_libraries_write_is_read_the_quick_way(layout: dict[str, object], coco: bool) -> None:
    rows = [(n, 7, 1 / (n + 1), 0.1 * n, 2, 1e-05, 300.12345678901234) for n in range(1, 50)]
    text = json.dumps([as_coco(row) if coco else row for row in rows], **layout).encode()  # type: ignore[arg-type]
    found = json_boxes.read_usual(content(text), GRAMMAR, coco)
    assert found is not None
    corners = [(*row[:5], row[3] + row[5] - 1, row[4] + row[6] - 1) if coco else row for row in rows]
    values = found.values.T.tobytes()
    assert values == b"".join(struct.pack("7d", *row) for row in corners)


def test_a_wrong_row_among_alike_ones_is_told_by_line_and_column() -> None:
    text = b"[[1, 2, 0.5, 1, 2, 3, 4],\n[1, 2, 0.5, 1, 2, 3, 04],\n[1, 2, 0.5, 1, 2, 3, 4]]"
    with pytest.raises(Unreadable) as caught:
        read_json_table(text, GRAMMAR, coco=False)
    assert caught.value.faults[0].line == 2
