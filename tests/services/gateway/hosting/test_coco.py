"""COCO's annotations: ids that can stay do, crowds are left out of judgement, and every mistake is told by its line."""

import json
from pathlib import Path
from typing import Any

import pytest

from services.gateway.hosting.annotations import Annotations, told
from services.gateway.hosting.coco_truth import read_coco
from services.gateway.hosting.grammars import write


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "annotations.json"


def content(first: int = 1, **changes: Any) -> dict[str, Any]:
    """Two images, two categories, two boxes and a crowd; ids run from `first` in steps of it."""
    whole = {
        "info": {"annotations": [1, {"bbox": 2}]},
        "images": [{"id": first * n, "file_name": name} for n, name in ((1, "b.jpg"), (2, "a.jpg"))],
        "categories": [{"id": first * n, "name": name} for n, name in ((1, "car"), (2, "bus"))],
        "annotations": [
            {"id": 7, "image_id": first, "category_id": 2 * first, "bbox": [10, 20, 5, 4.5]},
            {"id": 8, "image_id": 2 * first, "category_id": first, "bbox": [0, 0, 1, 1], "iscrowd": 0},
            {"id": 9, "image_id": 2 * first, "category_id": 2 * first, "bbox": [3, 3, 9, 9], "iscrowd": 1},
        ],
    }
    return whole | changes


def read(file: Path, whole: dict[str, Any]) -> Annotations:
    file.write_text(json.dumps(whole))
    found, faults = read_coco(file)
    assert found is not None, [told(fault) for fault in faults]
    return found


def mistakes(file: Path, text: str) -> list[str]:
    file.write_text(text)
    found, faults = read_coco(file)
    assert found is None
    return [told(fault).removeprefix(f"{file}:") for fault in faults]


def test_ids_from_1_stay_so_that_results_name_images_as_before(file: Path) -> None:
    found = read(file, content())
    assert (found.images, found.categories) == (("b.jpg", "a.jpg"), ("car", "bus"))
    written = write("detection", found, found.categories)
    assert written == {"truth": "1 2 1 10 20 14 23.5\n2 1 1 0 0 0 0\n", "excluded": "2 2"}


def test_ids_with_gaps_are_numbered_anew_and_that_is_said(file: Path) -> None:
    found = read(file, content(first=90))
    assert (found.images, found.categories) == (("a.jpg", "b.jpg"), ("car", "bus"))
    assert any("ids of images have gaps: numbered anew, 1 is 'a.jpg', 2 is 'b.jpg'" in each for each in found.remarks)
    assert write("detection", found, found.categories)["truth"].startswith("2 2 1 10 20")


def test_every_mistake_is_told_by_its_line_and_by_the_annotation(file: Path) -> None:
    whole = content()
    whole["annotations"] += [
        {"id": 10, "image_id": 5, "category_id": 1, "bbox": [1, 1, 2, 2]},
        {"id": 11, "image_id": 1, "category_id": 3, "bbox": [1, 1, 2]},
        {"id": 12, "image_id": 1, "category_id": 1, "bbox": [1, 1, 0, 2]},
    ]
    whole["images"].append({"id": 1, "file_name": "c.jpg"})
    text = "\n".join(f"{'' if n else '{'}{json.dumps(k)}: {_lined(v)}," for n, (k, v) in enumerate(whole.items()))
    told = mistakes(file, text.rstrip(",") + "}")
    lines = (text + "}").splitlines()
    assert [lines[int(each.split(":")[0]) - 1][:9] for each in told] == [
        '{"id": 1,',
        *['{"id": 10'],
        *['{"id": 11'] * 2,
        '{"id": 12',
    ]
    assert "1 stood in line" in told[0]
    assert (
        "image_id of annotation 10 is 5, which no entry of its list has. Write the id of an entry of `images`."
        in told[1]
    )
    assert "category_id of annotation 11 is 3" in told[2]
    assert "bbox of annotation 11 is [1, 1, 2]. Write [x, y, width, height]." in told[3]
    assert "The box of annotation 12 is 0 wide and 2 high: it holds no pixel." in told[4]


def _lined(value: Any) -> str:
    """A list with an entry in each line."""
    return "[\n" + ",\n".join(map(json.dumps, value)) + "\n]" if isinstance(value, list) else json.dumps(value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"images": [{"id": 1,\n "file_name": }]}', "2:15: This is no JSON: Expecting value."),
        ('{"images": [],\n"annotations": 3}', "There is no list `images`, or it is empty."),
        ("[]", "1:1: This is no JSON: Expecting '{'."),
        ('{"images": [{"id": 1}', "1:22: This is no JSON: Expecting ',' or ']'."),
    ],
    ids=["broken", "lists missing", "a list", "cut off"],
)
def test_a_file_that_is_no_annotations_is_told_where_it_goes_wrong(file: Path, text: str, said: str) -> None:
    assert any(said in each for each in mistakes(file, text))
