"""A truth of several parts: packed by the operator's commands, opened by the scorer."""

import contextlib
import io
import mmap
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.scorer.formats.blocks import Readable
from services.scorer.formats.bundle import open_bundle
from shared.bundles import pack
from shared.errors import Unreadable

PARTS = {"truth": b"1 2 3\n", "excluded": b"", "videos": bytes(range(256)) * 300}


def opened(data: Readable) -> dict[str, bytes]:
    return {name: bytes(part) for name, part in open_bundle(data, ("excluded", "videos")).items()}


def test_what_is_packed_is_opened_whatever_memory_it_lies_in(tmp_path: Path) -> None:
    path = tmp_path / "truth.zip"
    path.write_bytes(pack(PARTS))
    with path.open("rb") as file:
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    for data in (pack(PARTS), bytearray(pack(PARTS)), memoryview(pack(PARTS)), mapped):
        assert opened(data) == PARTS


def test_the_same_parts_give_the_same_bytes_in_whatever_order() -> None:
    assert pack(PARTS) == pack(dict(reversed(PARTS.items())))


def test_a_truth_alone_stays_the_file_it_is() -> None:
    assert pack({"truth": b"1\n"}) == b"1\n"
    assert opened(b"1\n") == {"truth": b"1\n"}
    assert opened(b"") == {"truth": b""}


def test_stored_parts_are_pieces_of_the_file_and_not_copies() -> None:
    data = bytearray(pack(PARTS))
    videos = open_bundle(data, ("excluded", "videos"))["videos"]
    data[:] = bytes(len(data))
    assert not any(bytes(videos))


def test_parts_that_somebody_compressed_are_unpacked() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in PARTS.items():
            archive.writestr(name, content)
    assert opened(packed.getvalue()) == PARTS


def test_a_zip_without_a_truth_is_a_plain_file() -> None:
    masks = io.BytesIO()
    with zipfile.ZipFile(masks, "w") as archive:
        archive.writestr("ADE_val_00000001.png", b"\x89PNG")
    assert opened(masks.getvalue()) == {"truth": masks.getvalue()}


def test_a_part_that_the_task_does_not_read_is_refused() -> None:
    with pytest.raises(Unreadable, match="unknown-part"):
        open_bundle(pack({"truth": b"", "exluded": b""}), ("excluded",))


@given(st.data())
def test_a_damaged_bundle_is_opened_or_refused_and_nothing_else(data: st.DataObject) -> None:
    damaged = bytearray(pack({"truth": b"1\n", "excluded": b"2 n1\n"}))
    for place in data.draw(st.lists(st.integers(4, len(damaged) - 1), max_size=5)):
        damaged[place] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(damaged)))
    with contextlib.suppress(Unreadable):
        open_bundle(bytes(damaged[:cut]), ("excluded",))
