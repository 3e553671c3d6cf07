"""Rows of numbers: every double exact, every fault at its place, whatever the bytes."""

import math
import struct

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from services.scorer.formats.decimals import decimal
from services.scorer.formats.table import Grammar, Lines, Table, read_lines, read_table
from services.scorer.formats.table_kernel import DECIMAL, MOST_LATE, SIGNED, UNBOUNDED, WHOLE
from services.scorer.formats.wording import Speech
from shared.errors import SHOWN_FAULTS, Unreadable
from tests.reference import table as reference

KINDS = {"whole": WHOLE, "signed": SIGNED, "decimal": DECIMAL, "unbounded": UNBOUNDED}
GRAMMAR = Grammar(KINDS, Speech(numbers="numbers", rows="four numbers in a line"))
ONE = Grammar({"decimal": DECIMAL}, GRAMMAR.speech)


def rows(text: bytes) -> Table:
    return read_table(text, GRAMMAR)


def lines(text: bytes, count: int | None = None) -> Lines:
    return read_lines(text, ONE, count)


def refused(text: bytes, grammar: Grammar = GRAMMAR) -> Unreadable:
    with pytest.raises(Unreadable) as caught:
        read_table(text, grammar)
    return caught.value


def places(refusal: Unreadable) -> list[tuple[str, int | None, int | None]]:
    return [(fault.code, fault.line, fault.column) for fault in refusal.faults]


@given(st.integers(0, 10**18 - 1), st.integers(-400, 400))
@example(9007199254740993, 0)
@example(9007199254740993, -1)
@example(2**53 + 1, 3)
def test_a_decimal_is_the_nearest_double(mantissa: int, exponent: int) -> None:
    value, sure = decimal(mantissa, exponent)
    assert not sure or value == float(f"{mantissa}e{exponent}")


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1))
def test_every_double_comes_back_as_it_was_written(values: list[float]) -> None:
    text = "\n".join(map(repr, values)).encode()
    assert lines(text).values[: len(values)].tobytes() == struct.pack(f"{len(values)}d", *values)


DIGITS = st.text("0123456789", max_size=30)


@given(
    st.builds(
        "{}{}{}{}{}{}".format,
        st.sampled_from(["", "-", "+", "--"]),
        DIGITS,
        st.sampled_from(["", ".", ".."]),
        DIGITS,
        st.sampled_from(["", "e", "E", "e-", "e+", "d"]),
        st.text("0123456789", max_size=3),
    )
)
def test_a_word_is_a_number_exactly_if_it_is_spelled_as_one(word: str) -> None:
    expected = reference.number(word.encode(), "decimal")
    if not word or word == "-":
        return
    if expected is None:
        assert refused(word.encode(), ONE).faults
    else:
        assert read_table(word.encode(), ONE).values[0, 0] == expected


WORDS = st.sampled_from(
    ["1", "0", "-1", "7.5", "-0.25", "1e3", ".5", "5.", "inf", "-Infinity", "nan", "x", "+3", "2147483648", "1e999",
     "0.1234567890123456789", "007", "−1", "é", "1;2", "n02119789", "1_0", "0x10"]
)  # fmt: skip
GAPS = st.sampled_from([" ", "\t", "  ", ",", ", ", " , "])
ENDS = st.sampled_from(["\n", "\r\n", " \n"])


@st.composite
def texts(draw: st.DrawFn) -> bytes:
    written = []
    for _ in range(draw(st.integers(1, 6))):
        words = draw(st.lists(WORDS, min_size=1, max_size=6))
        gaps = [draw(GAPS) for _ in words[1:]] + [draw(ENDS)]
        written += [part for pair in zip(words, gaps, strict=True) for part in pair]
    return "".join(written).encode()


@given(texts())
def test_agrees_with_a_slow_reading(text: bytes) -> None:
    numbers, faults = reference.table(text, list(KINDS))
    if not faults:
        assert rows(text).values.T.tolist() == numbers
        return
    refusal = refused(text)
    assert refusal.fault_count == len(faults)
    told = {(fault.line, fault.column if fault.code != "wrong-columns" else 0) for fault in refusal.faults}
    assert told <= faults
    assert len(told) == min(SHOWN_FAULTS, len(faults))


@given(st.binary(max_size=200))
def test_no_bytes_do_anything_but_be_read_or_refused(data: bytes) -> None:
    for read in (rows, lines):
        try:
            read(data)
        except Unreadable as refusal:
            assert refusal.fault_count  # noqa: PT017


@pytest.mark.parametrize(
    ("text", "code", "line", "column"),
    [
        (b"1 1 1 1\n1 1 1\n", "wrong-columns", 2, 1),
        (b"1 1 1 1 1\n", "wrong-columns", 1, 1),
        (b"1 1 1 1\n\n1 1 1 1\n", "blank-line", 2, 1),
        (b"1,,1 1 1\n", "empty-field", 1, 3),
        (b"1 1 1 1,\n", "empty-field", 1, 8),
        (b"1 1\r1 1\n1 1 1 1", "lone-carriage-return", 1, 4),
        (b"1 1 nan 1\n", "not-finite", 1, 5),
        (b"1 1 inf 1\n", "not-finite", 1, 5),
        (b"1 1 1 NaN\n", "not-finite", 1, 7),
        (b"1 1 1e400 1\n", "number-too-large", 1, 5),
        (b"1 1 1 1e400\n", "number-too-large", 1, 7),
        (b"1.0 1 1 1\n", "not-a-whole-number", 1, 1),
        (b"-1 1 1 1\n", "negative-number", 1, 1),
        (b"99999999999 1 1 1\n", "number-too-large", 1, 1),
        (b"1 1 1 1\n1 1 \x011 1\n", "binary-file", 2, 5),
        (b"1 1 0x1p3 1\n", "not-a-number", 1, 5),
        (b"1 1 \xe9 1\n", "not-utf-8", 1, 5),
        (b"", "empty-file", None, None),
        (b"PK\x03\x04", "binary-file", None, None),
    ],
)
def test_a_fault_is_told_by_its_place(text: bytes, code: str, line: int | None, column: int | None) -> None:
    assert places(refused(text)) == [(code, line, column)]


def test_commas_tabs_crlf_blanks_at_the_ends_and_a_byte_order_mark_are_read() -> None:
    table = rows(b"\xef\xbb\xbf 1,-2\t3.5 ,inf \r\n4 5 6 7\r\n \n\n")
    assert table.values.T.tolist() == [[1, -2, 3.5, math.inf], [4, 5, 6, 7]]


def test_numbers_that_only_python_reads_are_read_however_many_there_are() -> None:
    long = "0.1000000000000000055511151231257827021181583404541015625"
    count = 2 * MOST_LATE + 3
    text = "\n".join(f"1 1 {long} -INFINITY" for _ in range(count)).encode()
    assert (rows(text).values == [[1], [1], [0.1], [-math.inf]]).all()


def test_lines_keep_their_lengths_and_expect_their_number() -> None:
    read = lines(b"1 2 3\n4\n5 6\n", 3)
    assert (read.values[:6].tolist(), read.lengths.tolist()) == ([1, 2, 3, 4, 5, 6], [3, 1, 2])
    with pytest.raises(Unreadable, match="too-few-lines"):
        lines(b"1\n", 2)


def test_a_fault_that_the_task_finds_gets_the_place_of_its_number() -> None:
    text = b"".join(b"%d  7 1.5 %d\n" % (row, row) for row in range(30_000))
    (fault,) = rows(text).faults("unknown-image", [29_998], 3, "{0} is no image.", "Mend it.")
    assert (fault.line, fault.column, fault.sentence) == (29_999, 14, "'29998' is no image.")


def test_a_file_of_faults_is_counted_whole_and_told_by_its_first_twenty() -> None:
    refusal = refused(b"1 x 1 1\n" * 5000)
    assert refusal.fault_count == 5000
    assert places(refusal) == [("not-a-number", line, 3) for line in range(1, SHOWN_FAULTS + 1)]


def test_lines_are_as_many_as_there_are_numbers_at_the_seams_of_blocks() -> None:
    values = np.arange(60_000)
    assert (lines(b" ".join(b"%d" % value for value in values)).values[:60_000] == values).all()
