"""Text in WNIDs: read as the same text in ids, and refused with place and remedy."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.scorer.formats.rows import Rows, read_rows
from services.scorer.formats.wnids import read_wnids, wnids_of
from services.scorer.tasks.classification import EXAMPLE
from shared.errors import SHOWN_FAULTS, Unreadable

SYNSETS = EXAMPLE.definition.synsets
WNIDS = wnids_of(SYNSETS)
BY_ID = {0: "0"} | {synset.id: synset.wnid for synset in SYNSETS}


def outcome(data: bytes, lines: int | None = None) -> Rows | Unreadable:
    try:
        return read_wnids(data, WNIDS, 5, lines)
    except Unreadable as refused:
        return refused


@given(
    st.lists(st.lists(st.sampled_from(sorted(BY_ID)), min_size=1, max_size=7), min_size=1, max_size=30),
    st.sampled_from([" ", "\t", ", "]),
    st.sampled_from(["\n", "\r\n", " \n"]),
)
def test_reads_what_the_same_file_in_ids_says(ids: list[list[int]], separator: str, end: str) -> None:
    as_ids = end.join(separator.join(map(str, row)) for row in ids).encode()
    as_wnids = end.join(separator.join(BY_ID[id_] for id_ in row) for row in ids).encode()
    found, expected = read_wnids(as_wnids, WNIDS, 5), read_rows(as_ids, 5)
    assert found.numbers.tolist() == expected.numbers.tolist()
    assert found.lengths.tolist() == expected.lengths.tolist()


@pytest.mark.parametrize(
    ("text", "places"),
    [
        (b"n02119789 n99999999\n", [("unknown-wnid", 1, 11)]),
        (b"n00000000\n", [("unknown-wnid", 1, 1)]),
        (b"n02119789\n7 n02119789\n", [("not-a-wnid", 2, 1)]),
        (b"n0211978\nn021197890\nN02119789\n", [("not-a-wnid", 1, 1), ("not-a-wnid", 2, 1), ("not-a-wnid", 3, 1)]),
        (b"n02119789n02100735\n", [("not-a-wnid", 1, 1)]),
        (b"00\n-1\n", [("not-a-wnid", 1, 1), ("not-a-wnid", 2, 1)]),
        (b"n02119789,,cat\n\n", [("empty-field", 1, 11), ("not-a-wnid", 1, 12)]),
        (b"n02119789\n\nkit fox\n", [("blank-line", 2, 1), ("not-a-wnid", 3, 1), ("not-a-wnid", 3, 5)]),
        (b"n02119789\rn02119789\n", [("lone-carriage-return", 1, 10)]),
        (b"n02119789\nca\0t\n", [("binary-file", 2, 3)]),
        ("n02119789 \u00e9\n".encode(), [("not-a-wnid", 1, 11)]),
        (b"\xff\xfen\0", [("utf-16", None, None)]),
        (b"", [("empty-file", None, None)]),
    ],
)
def test_refuses_with_every_place(text: bytes, places: list[tuple[str, int | None, int | None]]) -> None:
    refused = outcome(text)
    assert isinstance(refused, Unreadable)
    assert [(fault.code, fault.line, fault.column) for fault in refused.faults] == places
    assert all(fault.remedy for fault in refused.faults)


def test_all_faults_of_a_large_file_are_counted_and_the_first_told() -> None:
    refused = outcome(b"n02119789 771\n" * 100_000)
    assert isinstance(refused, Unreadable)
    assert refused.fault_count == 100_000
    assert [fault.line for fault in refused.faults] == list(range(1, SHOWN_FAULTS + 1))
    assert "labels=" in refused.remedy


def test_a_wrong_number_of_lines_is_told() -> None:
    refused = outcome(b"n02119789\n" * 3, lines=4)
    assert isinstance(refused, Unreadable)
    assert refused.code == "too-few-lines"


pieces = st.sampled_from(["n02119789", "n99999999", "n", "0", "7", " ", ",", "\n", "\r", "\t", "\0", "é", "-"])


@given(st.binary(max_size=200) | st.lists(pieces, max_size=60).map(lambda parts: "".join(parts).encode()))
def test_nothing_but_a_refusal_comes_out_of_any_bytes(data: bytes) -> None:
    found = outcome(data)
    if isinstance(found, Unreadable):
        assert found.fault_count >= len(found.faults) >= 1
    else:
        assert found.numbers.shape[1] == 5
        assert set(found.numbers.ravel().tolist()) <= set(BY_ID)
