"""Arrays of ids and of scores: what numpy writes is read as numpy reads it, and what is broken or hostile is refused."""

import io
import struct
import subprocess
import sys
import zipfile
import zlib
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from services.scorer.formats.arrays import highest, open_array, read_ids, read_scores
from services.scorer.formats.npy import BLOCK_BYTES
from services.scorer.formats.rows import Rows
from shared.errors import Unreadable
from tests.services.scorer.official import ROOT
from tests.services.scorer.written import ARRAYS, npy, npz

IDS = np.array([[1, 2, 3], [4, 5, 6]])


def read(data: bytes, images: int | None = None, categories: int | None = None) -> Rows:
    source, header = open_array(data, images, categories)
    return read_scores(source, header, 5, 1) if header.dtype.kind == "f" else read_ids(source, header, 5)


def refusal(data: bytes, images: int | None = None, categories: int | None = None) -> Unreadable:
    with pytest.raises(Unreadable) as refused:
        read(data, images, categories)
    return refused.value


def best(row: list[float], width: int) -> list[int]:
    """The columns of the highest scores, of equal ones the first: Python's sort is stable."""
    return sorted(range(len(row)), key=lambda column: -row[column])[:width]


@pytest.mark.parametrize("kind", ["i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8"])
@pytest.mark.parametrize("write", ARRAYS.values(), ids=ARRAYS)
def test_ids_of_every_type_and_layout_are_read(write: Any, kind: str) -> None:
    ids = np.arange(1, 127, dtype=kind).reshape(-1, 3)
    rows = read(write(ids), len(ids))
    assert rows.numbers.tolist() == [[*row, 0, 0] for row in ids.tolist()]
    assert (rows.lengths == 3).all()


@pytest.mark.parametrize("kind", ["f2", "f4", "f8"])
@pytest.mark.parametrize("write", ARRAYS.values(), ids=ARRAYS)
def test_scores_of_every_type_and_layout_are_read(write: Any, kind: str) -> None:
    scores = np.random.default_rng(3).integers(0, 5, (40, 9)).astype(kind)
    rows = read(write(scores), 40, 9)
    assert rows.numbers.tolist() == [[column + 1 for column in best(row, 5)] for row in scores.tolist()]


@pytest.mark.parametrize("write", ARRAYS.values(), ids=ARRAYS)
def test_rows_are_read_across_blocks(write: Any) -> None:
    scores = np.random.default_rng(4).random((BLOCK_BYTES // 800 * 2 + 7, 100))
    assert read(write(scores)).numbers.tolist() == (np.argsort(-scores, axis=1)[:, :5] + 1).tolist()


@given(
    arrays.arrays(
        st.sampled_from([np.float16, np.float32, np.float64]),
        st.tuples(st.integers(1, 6), st.integers(1, 8)),
        elements=st.sampled_from([-np.inf, -1.0, 0.0, -0.0, 0.5, 0.5, np.inf]),
    ),
    st.integers(1, 5),
)
def test_ties_and_infinities_go_to_the_lower_column(scores: np.ndarray[Any, Any], width: int) -> None:
    width = min(width, scores.shape[1])
    assert highest(scores, width).tolist() == [best(row, width) for row in scores.tolist()]


def test_one_dimension_is_one_guess_an_image_and_few_categories_are_few_guesses() -> None:
    assert read(npy(np.array([7, 8]))).numbers.tolist() == [[7, 0, 0, 0, 0], [8, 0, 0, 0, 0]]
    rows = read(npy(np.array([[0.1, 0.9]])))
    assert rows.numbers.tolist() == [[2, 1, 0, 0, 0]]
    assert rows.lengths.tolist() == [2]


def test_nan_is_told_by_row_and_column_and_all_are_counted() -> None:
    scores = np.zeros((3000, 100), np.float32)
    scores[7, 3] = scores[7, 99] = scores[2999, 0] = np.nan
    found = refusal(npy(scores))
    assert found.code == "score-is-nan"
    assert [(fault.line, fault.column) for fault in found.faults] == [(8, 4), (8, 100), (3000, 1)]


@pytest.mark.parametrize(
    ("ids", "code"),
    [
        (np.array([[1, -1]]), "negative-number"),
        (np.array([[1, 2**31]]), "number-too-large"),
        (np.array([[1, 2**32 + 1]]), "number-too-large"),
        (np.array([[1, 2**64 - 1]], np.uint64), "number-too-large"),
    ],
)
def test_ids_that_do_not_fit_are_told_and_never_wrapped(ids: np.ndarray[Any, Any], code: str) -> None:
    fault = refusal(npy(ids)).faults[0]
    assert (fault.code, fault.line, fault.column) == (code, 1, 2)


def header(text: str, version: bytes = b"\x01\x00", content: bytes = b"\0" * 48) -> bytes:
    return b"\x93NUMPY" + version + len(text).to_bytes(2 if version[0] == 1 else 4, "little") + text.encode() + content


GOOD = "{'descr': '<i8', 'fortran_order': False, 'shape': (2, 3), }"


@pytest.mark.parametrize("version", [b"\x01\x00", b"\x02\x00", b"\x03\x00"])
@pytest.mark.parametrize("text", [GOOD, '{"shape":(2,3),"fortran_order":False,"descr":"<i8"}', GOOD + " " * 900 + "\n"])
def test_headers_of_every_version_and_order_are_understood(version: bytes, text: str) -> None:
    assert read(header(text, version)).numbers.tolist() == [[0] * 5] * 2


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"\x93NUMPY", "array-damaged"),
        (header(GOOD, b"\x04\x00"), "array-damaged"),
        (header(GOOD)[:40], "array-damaged"),
        (header(GOOD)[:-1], "array-damaged"),
        (header(GOOD) + b"\0", "array-damaged"),
        (header(GOOD + " " * 10_000), "array-damaged"),
        (b"\x93NUMPY\x02\x00\xff\xff\xff\xff" + GOOD.encode(), "array-damaged"),
        (header(GOOD.replace("(2, 3)", "(2, -3)")), "array-damaged"),
        (header(GOOD.replace("(2, 3)", "(9999999999, 9999999999)")), "array-damaged"),
        (header(GOOD.replace("(2, 3)", "(2, 3")), "array-damaged"),
        (header(GOOD.replace("False", "__import__('os')")), "array-damaged"),
        (header(GOOD.replace("'shape': (2, 3)", "'shapes': (2, 3)")), "array-damaged"),
        (header(GOOD.replace("(2, 3)", "(0, 3)"), content=b""), "array-shape"),
        (header(GOOD.replace("(2, 3)", "()"), content=b"\0" * 8), "array-shape"),
        (header(GOOD.replace("(2, 3)", "(1, 2, 3)")), "array-shape"),
        (header(GOOD.replace("<i8", "|O")), "array-of-objects"),
        (header(GOOD.replace("'<i8'", "[('a', '<i8')]")), "array-of-objects"),
        (header(GOOD.replace("<i8", "|b1"), content=b"\0" * 6), "array-of-others"),
        (header(GOOD.replace("<i8", "<f16"), content=b"\0" * 96), "array-of-others"),
        (header(GOOD.replace("<i8", "<c8")), "array-of-others"),
        (header(GOOD.replace("<i8", "<U2")), "array-of-others"),
        (header(GOOD.replace("<i8", "<M8")), "array-of-others"),
    ],
)
def test_other_headers_are_refused(data: bytes, code: str) -> None:
    assert refusal(data).code == code


def test_another_shape_than_the_task_has_is_refused() -> None:
    assert refusal(npy(IDS), images=3).code == "too-few-rows"
    assert refusal(npy(IDS), images=1).code == "too-many-rows"
    assert refusal(npy(IDS.astype(float)), images=2, categories=4).code == "array-shape"


def zipped(*members: tuple[str | zipfile.ZipInfo, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return file.getvalue()


def link() -> zipfile.ZipInfo:
    info = zipfile.ZipInfo("arr_0.npy")
    info.external_attr = 0o120777 << 16
    return info


def promising(archive: bytes, unfolded: int) -> bytes:
    """`archive` with a central directory that promises so many bytes of its one member."""
    place = archive.rindex(b"PK\x01\x02") + 24
    return archive[:place] + struct.pack("<I", unfolded) + archive[place + 4 :]


NPY = npy(IDS)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (zipped(("a.npy", NPY), ("b.npy", NPY)), "archive-members"),
        (zipped(("a.npy", NPY), ("inner.npz", npz(IDS))), "archive-members"),
        (zipped(("a.npy", NPY), ("readme.txt", b"hello")), "archive-members"),
        (zipped(*((f"a{i}.npy", NPY) for i in range(17))), "archive-members"),
        (zipped((link(), NPY)), "archive-members"),
        (zipped(("a.npy", NPY), method=zipfile.ZIP_BZIP2), "archive-members"),
        (zipped(("a.npy", npz(IDS))), "array-damaged"),
        (zipped(("a.npy", npy(np.zeros((100, 1000))))), "archive-bomb"),
        (zipped(("a.npy", NPY))[:-10], "archive-damaged"),
        (b"PK\x03\x04" + zipped(("a.npy", NPY))[20:], "archive-damaged"),
        (promising(zipped(("a.npy", NPY)), 2**31), "archive-bomb"),
        (promising(zipped(("a.npy", NPY)), 1000), "array-damaged"),
        (promising(zipped(("a.npy", NPY)), 100), "array-damaged"),
        (promising(zipped(("a.npy", NPY), method=zipfile.ZIP_STORED), 100), "archive-damaged"),
    ],
)
def test_other_archives_are_refused(data: bytes, code: str) -> None:
    assert refusal(data).code == code


@pytest.mark.parametrize("folded", [True, False])
def test_a_changed_byte_of_an_archived_array_is_found_if_it_changes_a_number(folded: bool) -> None:
    ids = np.random.default_rng(5).integers(0, 1000, (50, 5))
    content = npz(ids, folded=folded)
    refused = 0
    for place in range(300, 500):
        try:
            found = read(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
        except Unreadable:
            refused += 1
        else:
            assert (found.numbers == ids).all()
    assert refused > 150


def bomb() -> bytes:
    """A folded array of zeros whose directory promises a hundredth of the 2 GB that its 1.9 MB unfold to."""
    chunk, chunks = 2**24, 128
    zeros = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    start = zeros.compress(header(GOOD.replace("(2, 3)", f"({chunk * chunks // 40}, 5)"), content=b""))
    start += zeros.flush(zlib.Z_FULL_FLUSH)
    same = zeros.compress(bytes(chunk)) + zeros.flush(zlib.Z_FULL_FLUSH)
    folded = start + same * chunks + zeros.flush()
    archive = bytearray(zipped(("arr_0.npy", b""), method=zipfile.ZIP_STORED))
    entry = archive.index(b"PK\x01\x02")
    archive[entry + 10 : entry + 12] = struct.pack("<H", zipfile.ZIP_DEFLATED)
    archive[entry + 20 : entry + 28] = struct.pack("<2I", len(folded), 100 * len(folded))
    archive[-6:-2] = struct.pack("<I", entry + len(folded))
    archive[entry:entry] = folded
    return bytes(archive)


MEASURED = """
import sys, time
from resource import RUSAGE_SELF, getrusage
from services.scorer.formats.arrays import open_array, read_ids, read_scores
from shared.errors import Unreadable

content = sys.stdin.buffer.read()
before, started, code = getrusage(RUSAGE_SELF).ru_maxrss, time.process_time(), "read"
try:
    source, header = open_array(content, None, None)
    (read_scores(source, header, 5, 1) if header.dtype.kind == "f" else read_ids(source, header, 5))
except Unreadable as refused:
    code = refused.code
print(code, getrusage(RUSAGE_SELF).ru_maxrss - before, time.process_time() - started)
"""


def measured(content: bytes) -> tuple[str, int, float]:
    """What became of `content` in a process of its own: a code or `read`, KiB it grew by, seconds of processor."""
    command = [sys.executable, "-c", MEASURED]
    done = subprocess.run(command, cwd=ROOT, input=content, capture_output=True, check=True)
    code, grown_kib, seconds = done.stdout.split()
    return code.decode(), int(grown_kib), float(seconds)


def test_an_archive_that_unfolds_to_two_gigabytes_costs_neither_time_nor_memory() -> None:
    content = bomb()
    assert 1_800_000 < len(content) < 2_200_000
    code, grown_kib, seconds = measured(content)
    assert code == "array-damaged"
    assert grown_kib < 32 * 1024
    assert seconds < 2


@pytest.mark.parametrize("write", [npy, npz, ARRAYS["npz, folded"]], ids=["npy", "npz", "npz, folded"])
def test_a_large_array_is_read_a_block_at_a_time(write: Any) -> None:
    scores = np.random.default_rng(6).random((40_000, 250), dtype=np.float32)
    code, grown_kib, _ = measured(write(scores))
    assert code == "read"
    assert grown_kib < scores.nbytes / 1024 / 2


SEEDS = [
    npy(IDS),
    npy(np.asfortranarray(IDS)),
    npy(IDS.astype("f4")),
    npz(IDS),
    npz(IDS, folded=True),
    npz(a=IDS, b=IDS),
]


@given(st.sampled_from(SEEDS), st.data())
def test_nothing_but_a_refusal_comes_out_of_a_damaged_array(seed: bytes, data: st.DataObject) -> None:
    damaged = bytearray(seed)
    for _ in range(data.draw(st.integers(0, 4))):
        place = data.draw(st.integers(4, len(damaged) - 1))
        damaged[place : place + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    try:
        rows = read(bytes(damaged))
    except Unreadable:
        return
    assert rows.numbers.shape[1] == 5
