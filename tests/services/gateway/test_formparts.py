"""The fields of a form one after the other, however it is cut; what is not read of one is passed over."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.gateway.formparts import FormParts
from services.gateway.forms import AROUND_BYTES, Form
from shared.errors import Refused

BOUNDARY = b"----boundary4Xq"
FIELDS = st.lists(
    st.tuples(st.from_regex(r"[a-z0-9._ -]{1,20}", fullmatch=True), st.binary(max_size=80), st.booleans()), max_size=5
)


def form(fields: list[tuple[str, bytes, bool]]) -> bytes:
    parts = [
        b'--%s\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % (BOUNDARY, name.encode(), content)
        for name, content, _ in fields
    ]
    return b"".join(parts) + b"--" + BOUNDARY + b"--\r\n"


async def cut(body: bytes, size: int) -> AsyncIterator[bytes]:
    for start in range(0, len(body), size):
        yield body[start : start + size]


async def read(parts: FormParts, wanted: list[bool]) -> list[tuple[str, bytes | None]]:
    """Names, with the content of those that are wanted."""
    found: list[tuple[str, bytes | None]] = []
    while (name := await parts.next()) is not None:
        is_wanted = wanted[len(found)]
        found.append((name, b"".join([block async for block in parts.blocks()]) if is_wanted else None))
    return found


@settings(max_examples=200)
@given(FIELDS.filter(bool), st.integers(1, 60))
def test_every_field_comes_in_its_place_and_its_bytes_where_they_are_wanted(
    fields: list[tuple[str, bytes, bool]], size: int
) -> None:
    parts = FormParts(Form(BOUNDARY), cut(form(fields), size))
    expected = [(name, content if is_wanted else None) for name, content, is_wanted in fields]
    assert asyncio.run(read(parts, [is_wanted for *_, is_wanted in fields])) == expected


@pytest.mark.parametrize("missing_bytes", [1, 5, 30])
def test_a_form_that_is_cut_is_refused_once_its_end_is_reached(missing_bytes: int) -> None:
    body = form([("manifest", b"{}", True)])[: -missing_bytes - 2]
    with pytest.raises(Refused, match="form-broken"):
        asyncio.run(read(FormParts(Form(BOUNDARY), cut(body, 7)), [True]))


def test_what_is_beside_a_file_is_bounded_and_the_number_of_files_is_not() -> None:
    many = [(f"{number}.txt", b"1\n", True) for number in range(2000)]
    found = asyncio.run(read(FormParts(Form(BOUNDARY), cut(form(many), 4096)), [True] * 2000))
    assert len(found) == 2000
    behind = form([("a", b"1", True)]) + b"\n" * (2 * AROUND_BYTES)
    with pytest.raises(Refused, match="form-broken"):
        asyncio.run(read(FormParts(Form(BOUNDARY), cut(behind, 4096)), [True]))
