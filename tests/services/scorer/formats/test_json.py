"""Inline JSON: both readers give the same, exactly the images of the split are taken, and each fault has its place."""

import json
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.scorer.formats.blocks import content
from services.scorer.formats.json_blocks import read_usual
from services.scorer.formats.json_rows import read_json
from services.scorer.formats.names import image_names
from services.scorer.formats.rows import Rows
from services.scorer.formats.wnids import wnids_of
from services.scorer.tasks.classification import EXAMPLE
from shared.errors import SHOWN_FAULTS, Unreadable
from tests.services.scorer.written import json_named, json_rows

PATTERN = "ILSVRC2012_val_{:08d}"
NAMES = image_names(PATTERN)
WNIDS = wnids_of(EXAMPLE.definition.synsets)
ONE = PATTERN.format(1).encode()


def outcome(data: bytes, images: int | None, named: bool = True, wnids: bool = False) -> Rows | Unreadable:
    try:
        return read_json(data, 5, images, NAMES if named else None, WNIDS if wnids else None)
    except Unreadable as refused:
        return refused


def refusal(data: bytes, images: int | None, named: bool = True, wnids: bool = False) -> Unreadable:
    refused = outcome(data, images, named, wnids)
    assert isinstance(refused, Unreadable)
    return refused


def filled(guesses: Sequence[Sequence[int]]) -> list[list[int]]:
    return [[*row[:5], *[0] * (5 - len(row))] for row in guesses]


many_guesses = st.lists(st.lists(st.integers(0, 2**31 - 1) | st.integers(0, 1000), max_size=7), min_size=1, max_size=25)
layouts = st.sampled_from([{"separators": (",", ":")}, {}, {"indent": 1}, {"indent": "\t"}])


@given(many_guesses, layouts, st.booleans(), st.booleans(), st.data())
def test_reads_what_was_written_in_any_order_and_layout(
    guesses: list[list[int]], layout: dict[str, object], wrapped: bool, named: bool, data: st.DataObject
) -> None:
    order = data.draw(st.permutations(range(1, len(guesses) + 1)))
    ending = data.draw(st.sampled_from(["", ".JPEG", ".jpg"]))
    rows = {PATTERN.format(number) + ending: guesses[number - 1] for number in order} if named else guesses
    text = json.dumps({"predictions": rows} if wrapped else rows, **layout).encode()  # type: ignore[arg-type]
    found = read_json(b"\xef\xbb\xbf" + text + b" \n", 5, len(guesses), NAMES)
    assert found.numbers.tolist() == filled(guesses)
    assert found.lengths.tolist() == [len(row) for row in guesses]


@pytest.mark.parametrize("named", [True, False])
def test_files_as_programs_write_them_take_the_quick_way_across_blocks(named: bool) -> None:
    guesses = [[i % 1000, 1000, 77777, 0][: i % 5] for i in range(30_000)]
    text = json_named(PATTERN, guesses, ending=".JPEG") if named else json_rows(guesses)
    found = read_usual(content(text), 5, NAMES)
    assert found is not None
    assert found.rows.numbers.tolist() == filled(guesses)
    assert (found.images is not None) is named


def test_files_written_unusually_are_read_all_the_same() -> None:
    text = b'{"ILSVRC2012_val_0000000\\u0032.png":[2],"%b":[ 1 , 3 ] , "ILSVRC2012_val_00000003.JPEG":[]}' % ONE
    assert read_usual(content(text), 5, NAMES) is None
    found = read_json(text, 5, 3, NAMES)
    assert found.numbers[:, :2].tolist() == [[1, 3], [2, 0], [0, 0]]


def test_wnids_are_read_as_the_ids_of_their_synsets() -> None:
    found = read_json(b'[["n02119789", "n02100735"], [], ["n00015388"]]', 5, 3, None, WNIDS)
    assert found.numbers[:, :2].tolist() == [[1, 2], [0, 0], [4, 0]]
    assert found.lengths.tolist() == [2, 0, 1]


@pytest.mark.parametrize(
    ("text", "code", "line", "column"),
    [
        (b'{"%b": [1],\n "%b": [1]}' % (ONE, ONE), "duplicate-image", 2, 2),
        (b'{"%b": [1],\n "%b.JPEG": [1]}' % (ONE, ONE), "duplicate-image", 2, 2),
        (b'{"%b": [1], "x": [1]}' % ONE, "unknown-image", 1, 34),
        (b'{"ILSVRC2012_val_00000003": [1], "%b": [1]}' % ONE, "unknown-image", 1, 2),
        (b'{"ILSVRC2012_val_00000000": [1], "%b": [1]}' % ONE, "unknown-image", 1, 2),
        (b'{"ILSVRC2012_val_1": [1], "%b": [1]}' % ONE, "unknown-image", 1, 2),
        (b'{"%b": [1]}' % ONE, "missing-image", None, None),
        (b"{}", "missing-image", None, None),
        (b"[[1]]", "too-few-rows", None, None),
        (b"[]", "too-few-rows", None, None),
        (b"[[1], [2], [3]]", "too-many-rows", None, None),
        (b"[[1],\n[2.0]]", "not-a-whole-number", 2, 2),
        (b"[[1], [2e0]]", "not-a-whole-number", 1, 8),
        (b"[[1], [-0]]", "negative-number", 1, 8),
        (b"[[1], [-2]]", "negative-number", 1, 8),
        (b"[[1], [2147483648]]", "number-too-large", 1, 8),
        (b"[[1], [18446744073709551617]]", "number-too-large", 1, 8),
        (b'[[1], ["2"]]', "not-a-number", 1, 8),
        (b'[[1], ["n02119789"]]', "not-a-number", 1, 8),
        (b"[[1], [true]]", "not-a-number", 1, 8),
        (b"[[1], [null]]", "not-a-number", 1, 8),
        (b"[[1], [NaN]]", "not-a-number", 1, 8),
        (b"[[1], [-Infinity]]", "not-a-number", 1, 8),
        (b"[[1], [02]]", "json-invalid", 1, 8),
        (b"[[1], [+2]]", "json-invalid", 1, 8),
        (b"[[1], [1_0]]", "json-invalid", 1, 8),
        (b"[[1], [2,]]", "json-invalid", 1, 10),
        (b"[[1], [2],]", "json-invalid", 1, 11),
        (b"[[1] [2]]", "json-invalid", 1, 6),
        (b"[[1 2], [2]]", "json-invalid", 1, 5),
        (b"[[1], [2]] []", "json-invalid", 1, 12),
        (b"[[1], [2]", "json-invalid", 1, 10),
        (b"[[1], [2}", "json-invalid", 1, 9),
        (b"{'a': [1]}", "json-invalid", 1, 2),
        (b'{"%b" [1]}' % ONE, "json-invalid", 1, 28),
        (b'{"%b": [1],}' % ONE, "json-invalid", 1, 33),
        (b'{"a\nb": [1]}', "json-invalid", 1, 2),
        (b"[1, 2]", "json-unexpected", 1, 2),
        (b"[[1], [[2]]]", "json-unexpected", 1, 8),
        (b"[[1], {}]", "json-unexpected", 1, 7),
        (b'{"predictions": 7}', "json-unexpected", 1, 17),
        (b'{"%b": 1}' % ONE, "unknown-field", 1, 2),
        (b'{"method": "x", "predictions": [[1], [2]]}', "unknown-field", 1, 2),
        (b'{"predictions": [[1], [2]], "predictions": [[1], [2]]}', "unknown-field", 1, 27),
        (b'{"predictions": {"predictions": [[1], [2]]}}', "json-unexpected", 1, 34),
        (b"[" * 100_000, "json-unexpected", 1, 3),
        (b'{"a":' * 100_000, "unknown-field", 1, 2),
    ],
)
def test_refuses_with_place_and_remedy(text: bytes, code: str, line: int | None, column: int | None) -> None:
    found = refusal(text, 2)
    first = next(fault for fault in found.faults if fault.code == code)
    assert (first.line, first.column) == (line, column)
    assert first.sentence
    assert first.remedy


def test_names_without_a_pattern_to_know_them_by_are_refused_and_rows_are_not() -> None:
    assert refusal(json_named(PATTERN, [[1], [2]]), 2, named=False).code == "no-image-names"
    assert isinstance(outcome(json_rows([[1], [2]]), 2, named=False), Rows)


def test_missing_images_are_counted_and_the_first_named() -> None:
    found = refusal(json_named(PATTERN, [[1]] * 100), 150)
    assert found.fault_count == 50
    assert len(found.faults) == SHOWN_FAULTS
    assert PATTERN.format(101) in found.faults[0].sentence


def test_every_wrong_id_of_a_large_file_is_counted_in_linear_time() -> None:
    found = refusal(b"[%b]" % b",\n".join([b"[1.5, -1]"] * 50_000), 50_000)
    assert found.fault_count == 100_000
    assert [(fault.line, fault.column) for fault in found.faults[:3]] == [(1, 3), (1, 8), (2, 2)]


@pytest.mark.parametrize(
    "text", [b'[["n02119789"], [7]]', b'[["n02119789"], ["7"]]', b'[["n02119789"], ["n02119789 "]]']
)
def test_with_wnids_all_else_is_refused(text: bytes) -> None:
    found = refusal(text, 2, wnids=True)
    assert (found.code, found.faults[0].column) == ("not-a-wnid", 18)


marks = st.sampled_from(
    [*'[]{},:"\\ \n0123456789.-en', "NaN", "true", '"predictions"', f'"{ONE.decode()}"', "[1, 2]", "\0"]
)


@given(
    st.lists(marks, max_size=40).map(lambda parts: "".join(parts).encode()) | st.binary(max_size=100),
    st.sampled_from([b"[", b"{", b'{"predictions": [', b'{"predictions": {"%b": ' % ONE]),
    st.booleans(),
)
def test_nothing_but_a_refusal_comes_out_of_any_bytes(rest: bytes, start: bytes, wnids: bool) -> None:
    for images in (1, None):
        found = outcome(start + rest, images, named=images is not None, wnids=wnids)
        assert isinstance(found, Unreadable) or found.numbers.shape[1] == 5


@given(st.data())
def test_a_damaged_file_is_read_as_a_json_library_reads_it_or_refused(data: st.DataObject) -> None:
    guesses = [[1, 20, 300], [4000, 5], [6]]
    damaged = bytearray(json_named(PATTERN, guesses) if data.draw(st.booleans()) else json_rows(guesses))
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(damaged) - 1))
        damaged[place : place + data.draw(st.integers(0, 2))] = data.draw(
            st.sampled_from([b"", b"0", b",", b"]", b'"', b" ", b"\xff"])
        )
    found = outcome(bytes(damaged), 3)
    if isinstance(found, Rows):
        read = json.loads(damaged.decode("utf-8-sig"))
        read = read.get("predictions", read) if isinstance(read, dict) else read
        rows = [read[name] for name in sorted(read)] if isinstance(read, dict) else read
        assert found.numbers.tolist() == filled(rows)
