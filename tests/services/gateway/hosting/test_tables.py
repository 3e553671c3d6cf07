"""An organiser's table of labels: read whatever it is called by, and every mistake told by line and column."""

from pathlib import Path

import pytest

from services.gateway.hosting.annotations import Annotations, told
from services.gateway.hosting.csv_truth import looks_like_csv, read_csv
from services.gateway.hosting.definition import image_pattern
from services.gateway.hosting.grammars import write


@pytest.fixture
def table(tmp_path: Path) -> Path:
    return tmp_path / "labels.csv"


def read(table: Path, text: str, with_boxes: bool = False, categories: tuple[str, ...] = ()) -> Annotations:
    table.write_text(text, encoding="utf-8")
    found, faults = read_csv(table, with_boxes, categories)
    assert found is not None, [told(fault) for fault in faults]
    return found


def mistakes(table: Path, text: str, with_boxes: bool = False, categories: tuple[str, ...] = ()) -> list[str]:
    table.write_text(text, encoding="utf-8")
    found, faults = read_csv(table, with_boxes, categories)
    assert found is None
    return [told(fault).removeprefix(f"{table}:") for fault in faults]


@pytest.mark.parametrize(
    "text",
    [
        "image,label\nb.jpg,dog\na.jpg,cat\n",
        "\ufeffFilename;Class\r\nb.jpg;dog\r\na.jpg;cat\r\n",
        'id\tbreed\tsize\n"b.jpg"\tdog\t3\na.jpg\tcat\t4\n\n',
    ],
    ids=["commas", "a byte order mark and semicolons", "tabs, quotes and a column besides"],
)
def test_a_table_is_read_however_it_is_written(table: Path, text: str) -> None:
    assert looks_like_csv(text)
    found = read(table, text)
    assert (found.images, found.categories) == (("a.jpg", "b.jpg"), ("cat", "dog"))
    assert write("classification", found, found.categories) == {"truth": "1\n2\n"}
    assert write("scene-classification", found, found.categories) == {"truth": "a.jpg 0\nb.jpg 1\n"}


def test_labels_that_are_numbers_are_ordered_as_numbers(table: Path) -> None:
    assert read(table, "image,label\na,10\nb,9\nc,0\n").categories == ("0", "9", "10")


def test_boxes_become_lines_of_detections_and_of_localization(table: Path) -> None:
    text = "image,label,xmin,ymin,xmax,ymax\nb,dog,1,2,3.5,4\nb,cat,5,6,7,8\na,cat,0,0,9,9\n"
    found = read(table, text, with_boxes=True)
    assert write("detection", found, found.categories)["truth"] == "2 2 1 1 2 3.5 4\n2 1 1 5 6 7 8\n1 1 1 0 0 9 9\n"
    assert write("localization", found, found.categories)["truth"] == "1 0 0 9 9\n2 1 2 3.5 4 1 5 6 7 8\n"


def test_every_mistake_is_told_by_its_line_not_only_the_first(table: Path) -> None:
    text = "image,label\na.jpg,cat\n,dog\nb.jpg,\nc.jpg\na.jpg,dog\nd.jpg,Cat\n"
    assert mistakes(table, text) == [
        "3:1: The row names no image. Write the image's file name.",
        "4:1: The image b.jpg has no label. Write its label, or take the row out.",
        (
            "5:1: The row has 1 cells; the heading names 2 or more. Write a cell for each column, in quotes where it holds a "
            "comma."
        ),
        "6:1: The image a.jpg stood in line 2 already. Write one row for each image.",
        "7:7: 'Cat' and 'cat' (line 2) differ only in spelling. Spell a category alike everywhere.",
    ]


def test_more_mistakes_than_fit_a_screen_are_all_told(table: Path) -> None:
    assert len(mistakes(table, "image,label\n" + ",cat\n" * 300)) == 300


def test_a_label_beside_the_list_is_told_with_the_one_that_was_meant(table: Path) -> None:
    (told,) = mistakes(table, "image,label\na,Abysinian\nb,Bengal\n", categories=("Abyssinian", "Bengal"))
    assert told == "2:3: 'Abysinian' is none of the 2 categories. Perhaps 'Abyssinian' was meant."


@pytest.mark.parametrize(
    ("row", "said"),
    [("a,cat,1,2,x,4", "2:11: xmax is 'x'."), ("a,cat,9,2,3,4", "2:1: The box ends before it starts: 9 2 3 4.")],
    ids=["no number", "inverted"],
)
def test_a_box_that_is_none_is_told(table: Path, row: str, said: str) -> None:
    (told,) = mistakes(table, f"image,label,xmin,ymin,xmax,ymax\n{row}\n", with_boxes=True)
    assert told.startswith(said)


def test_a_heading_without_a_column_is_told_with_what_there_is_and_what_it_may_be_called(table: Path) -> None:
    first, second = mistakes(table, "photo,answer\na,cat\n")
    assert first.startswith("1:1: The heading has no column for the image: it has photo, answer. Call one")
    assert "say --columns IMAGE,LABEL" in second
    found, _ = read_csv(table, False, (), ("photo", "answer"))
    assert found is not None
    assert found.images == ("a",)


def test_a_file_in_another_encoding_is_told_by_line(table: Path) -> None:
    table.write_bytes("image,label\na,cat\nb,Löwe\n".encode("latin-1"))
    (fault,) = read_csv(table, False)[1]
    assert told(fault).startswith(f"{table}:3:1: The file is not in UTF-8.")


@pytest.mark.parametrize(
    ("names", "pattern"),
    [
        (["v_001.jpg", "v_002.jpg", "v_003.jpg"], "v_{:03d}"),
        (["1.png", "2.png"], "{:01d}"),
        (["a_1.jpg", "a_3.jpg"], ""),
        (["cat.jpg", "dog.jpg"], ""),
        ([], ""),
    ],
    ids=["numbered", "bare numbers", "a gap", "words", "none"],
)
def test_names_that_are_numbered_without_a_gap_have_a_pattern(names: list[str], pattern: str) -> None:
    assert image_pattern(names) == pattern
