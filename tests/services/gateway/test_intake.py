"""From a body to sealed bytes: gzip in every form, limits, digests of both."""

import contextlib
import gzip
import hashlib
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.gateway.intake import Intake, Sealed
from shared.errors import Refused, TooLarge

LIMIT = 100_000


def take(body: bytes, chunk_bytes: int, limit: int = LIMIT) -> tuple[bytes, Sealed]:
    intake = Intake(limit)
    content = b""
    for start in range(0, len(body), chunk_bytes):
        content += b"".join(intake.feed(body[start : start + chunk_bytes]))
    content += b"".join(intake.finish())
    return content, intake.sealed()


def take_all(blocks: Iterator[bytes]) -> None:
    for block in blocks:
        assert len(block) <= LIMIT


def sealed(content: bytes, received: bytes) -> Sealed:
    return Sealed(
        hashlib.sha256(content).hexdigest(), len(content), hashlib.sha256(received).hexdigest(), len(received)
    )


@given(st.binary(max_size=2000), st.integers(1, 100), st.sampled_from(["plain", "gzip", "two members"]))
def test_every_body_comes_out_as_it_was_packed_however_it_is_cut(content: bytes, chunk: int, packing: str) -> None:
    if packing == "plain":
        received = content if not content.startswith(b"\x1f\x8b") else b" " + content
        expected = received
    elif packing == "gzip":
        received, expected = gzip.compress(content), content
    else:
        received, expected = gzip.compress(content) + gzip.compress(content), content + content
    assert take(received, chunk) == (expected, sealed(expected, received))


def test_zeros_after_a_gzip_stream_are_padding() -> None:
    assert take(gzip.compress(b"1 2 3\n") + bytes(512), 64)[0] == b"1 2 3\n"


def test_a_gzip_bomb_is_refused_before_it_unfolds() -> None:
    bomb = gzip.compress(bytes(50_000_000))
    assert len(bomb) < LIMIT
    blocks = Intake(LIMIT).feed(bomb)
    with pytest.raises(TooLarge):
        take_all(blocks)
    assert next(blocks, None) is None


def test_one_byte_over_the_limit_is_too_large_and_the_limit_itself_is_not() -> None:
    assert take(b"1" * LIMIT, 4096)[1].size_bytes == LIMIT
    with pytest.raises(TooLarge):
        take(b"1" * (LIMIT + 1), 4096)


@pytest.mark.parametrize("cut", [3, 12, -1, -8])
def test_a_gzip_stream_that_ends_early_is_broken(cut: int) -> None:
    with pytest.raises(Refused, match="gzip-broken"):
        take(gzip.compress(b"1 2 3 4 5\n" * 100)[:cut], 7)


def test_a_flipped_byte_in_a_gzip_stream_is_noticed() -> None:
    body = bytearray(gzip.compress(b"1 2 3 4 5\n" * 100))
    body[-6] ^= 1
    with pytest.raises(Refused, match="gzip-broken"):
        take(bytes(body), 1000)


@settings(max_examples=300)
@given(st.binary(max_size=300), st.integers(1, 50))
def test_no_bytes_break_it_in_any_other_way(tail: bytes, chunk: int) -> None:
    with contextlib.suppress(Refused):
        take(b"\x1f\x8b" + tail, chunk)
