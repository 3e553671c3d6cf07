"""Every decision of docs/tasks/classification.md about the text of a file: accepted as what, or refused how."""

import mmap
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.scorer.formats.blocks import BLOCK_BYTES
from services.scorer.formats.rows import Rows, read_rows
from shared.errors import SHOWN_FAULTS, Unreadable
from tests.reference import classification as reference


def refusal(data: bytes, lines: int | None = None) -> Unreadable:
    with pytest.raises(Unreadable) as caught:
        read_rows(data, 5, lines)
    return caught.value


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        pytest.param(b"1 2\n3 4\n", [[1, 2], [3, 4]], id="spaces"),
        pytest.param(b"1\t2\n3\t\t4\n", [[1, 2], [3, 4]], id="tabs"),
        pytest.param(b"1,2\n3 , 4\n", [[1, 2], [3, 4]], id="commas"),
        pytest.param(b"1 2 \n  3 4\n", [[1, 2], [3, 4]], id="blanks at both ends of lines"),
        pytest.param(b"1 2\r\n3 4\r\n", [[1, 2], [3, 4]], id="CRLF"),
        pytest.param(b"1 2\n3 4", [[1, 2], [3, 4]], id="no final line end"),
        pytest.param(b"1 2\n3 4\n\n \r\n\n", [[1, 2], [3, 4]], id="blank lines at the end"),
        pytest.param(b"\xef\xbb\xbf1 2\n3 4\n", [[1, 2], [3, 4]], id="byte order mark"),
        pytest.param(b"1 2\n3\n", [[1, 2], [3, 0]], id="short line"),
        pytest.param(b"0\n3 0 4\n", [[0, 0, 0], [3, 0, 4]], id="zeros"),
        pytest.param(b"0001 00000000000000000002\n", [[1, 2]], id="leading zeros"),
        pytest.param(b"2147483647 12345 9999 10000\n", [[2147483647, 12345, 9999, 10000]], id="long numbers"),
    ],
)
def test_accepts(text: bytes, rows: list[list[int]]) -> None:
    assert read_rows(text).numbers.tolist() == rows


@pytest.mark.parametrize(
    ("text", "code", "line", "column"),
    [
        pytest.param(b"1 2\n3 x\n", "not-a-number", 2, 3, id="letters"),
        pytest.param(b"1 2\n3 n02119789\n", "not-a-number", 2, 3, id="WNID"),
        pytest.param(b"ILSVRC2012_val_00000001.JPEG 2\n", "not-a-number", 1, 1, id="image name"),
        pytest.param(b"1;2\n", "not-a-number", 1, 1, id="semicolon"),
        pytest.param(b"1 \xc2\xa02\n", "not-a-number", 1, 3, id="no-break space"),
        pytest.param(b"1 2.0\n", "not-a-whole-number", 1, 3, id="float"),
        pytest.param(b"1e3\n", "not-a-whole-number", 1, 1, id="exponent"),
        pytest.param(b"+1\n", "not-a-whole-number", 1, 1, id="plus sign"),
        pytest.param(b"1_0\n", "not-a-number", 1, 1, id="underscore"),
        pytest.param(b"1\n5 -2\n", "negative-number", 2, 3, id="negative"),
        pytest.param(b"2147483648\n", "number-too-large", 1, 1, id="above 2^31 - 1"),
        pytest.param(b"1 99999999999999999999\n", "number-too-large", 1, 3, id="above 2^64"),
        pytest.param(b"1\n2 3\0\n", "binary-file", 2, 4, id="NUL"),
        pytest.param(b"1\n2 \x1b[0m\n", "binary-file", 2, 3, id="control character"),
        pytest.param(b"1\n2\n" * 3000 + b"\0\n", "binary-file", 6001, 1, id="NUL far into the file"),
        pytest.param(b"\x1f\x8b\x08\x00\x00", "archive", None, None, id="gzip inside"),
        pytest.param(b"PK\x03\x04\x14\x00", "binary-file", None, None, id="zip"),
        pytest.param(b"\x93NUMPY\x01\x00v\x00{", "binary-file", None, None, id="npy"),
        pytest.param("1 2\n3 4\n".encode("utf-16"), "utf-16", None, None, id="UTF-16"),
        pytest.param("1 2\n3 4\n".encode("utf-16-le"), "utf-16", None, None, id="UTF-16, little end first, no mark"),
        pytest.param("1 2\n3 4\n".encode("utf-16-be"), "utf-16", None, None, id="UTF-16, big end first, no mark"),
        pytest.param(b"1 2\n3 \xff\xfe\n", "not-utf-8", 2, 3, id="invalid UTF-8"),
        pytest.param("1 ١٢\n".encode(), "foreign-digits", 1, 3, id="Arabic digits"),
        pytest.param("１２\n".encode(), "foreign-digits", 1, 1, id="full-width digits"),
        pytest.param(b"1,,2\n", "empty-field", 1, 3, id="two commas"),
        pytest.param(b"1, ,2\n", "empty-field", 1, 4, id="two commas with a space"),
        pytest.param(b",1\n", "empty-field", 1, 1, id="comma first"),
        pytest.param(b"1 2,\r\n3\n", "empty-field", 1, 4, id="comma last"),
        pytest.param(b"1 2\r3 4\r5 6\r", "lone-carriage-return", 1, 4, id="old Mac line ends"),
        pytest.param(b"1 2\r3\n4\n", "lone-carriage-return", 1, 4, id="carriage return inside a line"),
        pytest.param(b"1\n\n2\n", "blank-line", 2, 1, id="blank line inside"),
        pytest.param(b"\n1\n", "blank-line", 1, 1, id="blank line first"),
        pytest.param(b"1\n \t \r\n2\n", "blank-line", 2, 1, id="line of blanks inside"),
        pytest.param(b"", "empty-file", None, None, id="empty file"),
        pytest.param(b"\xef\xbb\xbf \r\n\n", "empty-file", None, None, id="nothing but blanks"),
        pytest.param(b"<!DOCTYPE html><html>", "other-format", None, None, id="web page"),
        pytest.param(b"[[1, 2], [3, 4]]", "other-format", None, None, id="JSON"),
        pytest.param(b"1\n" + b"2 " * BLOCK_BYTES, "line-too-long", 2, 1, id="endless line"),
    ],
)
def test_refuses_with_place_and_remedy(text: bytes, code: str, line: int | None, column: int | None) -> None:
    found = refusal(text)
    first = found.faults[0]
    assert (first.code, first.line, first.column) == (code, line, column)
    assert found.code == code
    assert found.sentence
    assert first.remedy


@pytest.mark.parametrize(("lines", "code", "line"), [(2, "too-many-lines", 3), (4, "too-few-lines", 3)])
def test_a_wrong_number_of_lines_tells_expected_found_and_where_it_ends(lines: int, code: str, line: int) -> None:
    found = refusal(b"1\n2\n3\n", lines)
    assert (found.code, found.faults[0].line) == (code, line)
    assert f"Expected {lines} lines" in found.sentence
    assert "found 3" in found.sentence
    assert "after line 3" in found.sentence


def test_the_first_twenty_faults_are_told_and_all_are_counted() -> None:
    found = refusal(b"1 a\n" * 200_000)
    assert found.fault_count == 200_000
    assert [fault.line for fault in found.faults] == list(range(1, SHOWN_FAULTS + 1))
    assert "199,999 more faults" in found.sentence


def test_faults_are_told_in_the_order_of_the_file_whatever_their_kind() -> None:
    found = refusal(b"-1 2.5\n\n,x\n9999999999 1\n", lines=4)
    assert [(f.line, f.column) for f in found.faults] == [(1, 1), (1, 4), (2, 1), (3, 1), (3, 2), (4, 1)]


def test_lines_are_counted_across_blocks() -> None:
    text = b"12 34 56\n" * 100_000 + b"7 8 nine\n"
    fault = refusal(text).faults[0]
    assert (fault.line, fault.column) == (100_001, 5)


def test_numbers_beyond_the_width_are_dropped_but_counted() -> None:
    rows = read_rows(b"1 2 3 4 5 6 7\n1\n", width=5)
    assert rows.numbers.tolist() == [[1, 2, 3, 4, 5], [1, 0, 0, 0, 0]]
    assert rows.lengths.tolist() == [7, 1]


@pytest.mark.parametrize("end", [b" \n", b"\r\n"])
def test_a_short_line_with_a_blank_at_its_end_is_filled_with_zeros_in_every_block(end: bytes) -> None:
    rows = read_rows((b"771 778 1000 387" + end) * 20_000, 5)
    assert (rows.numbers == [771, 778, 1000, 387, 0]).all()
    assert (rows.lengths == 4).all()


def test_a_memory_mapped_file_is_read_as_bytes_are(tmp_path: Path) -> None:
    path = tmp_path / "predictions.txt"
    path.write_bytes(b"1 2\n" * 70_000)
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        rows = read_rows(mapped)
    assert np.array_equal(rows.numbers, read_rows(path.read_bytes()).numbers)


separators = st.sampled_from([b" ", b"\t", b",", b"  ", b" , "])
line_ends = st.sampled_from([b"\n", b"\r\n", b" \n", b"\t\r\n"])
numbers = st.integers(0, 2**31 - 1) | st.integers(0, 1000)


@st.composite
def good_files(draw: st.DrawFn) -> bytes:
    lines = draw(st.lists(st.lists(numbers, min_size=1, max_size=8), min_size=1, max_size=40))
    separator, end = draw(separators), draw(line_ends)
    zeros = draw(st.sampled_from(["", "0", "000000000000"]))
    start = draw(st.sampled_from([b"", b"\xef\xbb\xbf"]))
    return start + end.join(separator.join((zeros + str(n)).encode() for n in line) for line in lines)


@given(good_files())
def test_good_files_are_read_as_the_second_opinion_reads_them(text: bytes) -> None:
    rows = read_rows(text)
    lines = reference.read(text)
    assert [row[:length] for row, length in zip(rows.numbers.tolist(), rows.lengths, strict=True)] == lines


usual_files = st.lists(st.lists(numbers.map(str), min_size=1, max_size=8).map(" ".join), min_size=1).map("\n".join)


@given(usual_files, st.integers(0), st.sampled_from(["", "0", " ", "\n", "\r", ",", "x", "9" * 10, "9" * 25]))
def test_a_file_is_read_alike_in_one_pass_and_in_blocks_whatever_is_put_into_it(text: str, at: int, more: str) -> None:
    place = at % (len(text) + 1)
    data = (text[:place] + more + text[place:]).encode()
    blocks = outcome(data)
    if isinstance(blocks, Unreadable):
        assert str(outcome(data, text.count("\n") + 1)) == str(blocks) or more == "\n"
        return
    rows = outcome(data, len(blocks.lengths))
    assert isinstance(rows, Rows)
    assert (rows.numbers.tolist(), rows.lengths.tolist()) == (blocks.numbers.tolist(), blocks.lengths.tolist())
    assert rows.lengths.tolist() == [len(line) for line in reference.read(data)]


def test_a_usual_line_may_be_as_long_as_a_block_and_no_longer() -> None:
    longest = b"1 " * (BLOCK_BYTES // 2 - 1) + b"2\n"
    assert read_rows(longest + b"3\n", 2, 2).lengths.tolist() == [BLOCK_BYTES // 2, 1]
    assert refusal(b"1" + longest + b"3\n", 2).code == "line-too-long"


def outcome(data: bytes, lines: int | None = None) -> Rows | Unreadable:
    try:
        return read_rows(data, 5, lines)
    except Unreadable as refused:
        return refused


@given(st.binary(max_size=300) | st.text("0123456789 ,\t\r\n.-x\0é", max_size=300).map(str.encode))
def test_nothing_but_a_refusal_ever_comes_out_of_any_bytes(data: bytes) -> None:
    found = outcome(data)
    if isinstance(found, Unreadable):
        assert found.fault_count >= len(found.faults) >= 1
    else:
        assert found.numbers.shape == (len(reference.read(data)), 5)


def test_damaged_real_sized_files_are_read_or_refused() -> None:
    random = np.random.default_rng(7)
    whole = b"12 345 6 789 1000\n" * 30_000
    for _ in range(100):
        damaged = bytearray(whole)
        for place in random.integers(0, len(whole), random.integers(1, 5)):
            damaged[place] = random.integers(0, 256)
        found = outcome(bytes(damaged), 30_000)
        assert isinstance(found, Rows) or found.faults
