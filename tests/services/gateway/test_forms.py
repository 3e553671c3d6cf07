"""The file in a form: the same bytes however the form is cut, as another parser finds them; and what is refused."""

import email
import email.policy
from email.message import EmailMessage

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from services.gateway.forms import AROUND_BYTES, FileForm
from shared.errors import Refused

BOUNDARY = b"----boundary4Xq"
NEARLY = [
    b"\r\n",
    b"\r",
    b"\n",
    b"--",
    b"\r\n--",
    b"\r\n" + BOUNDARY,
    b"\r\n--" + BOUNDARY[:9],
    b"\r\n--" + BOUNDARY[:-1],
]
"""Pieces that begin as a boundary does and are none."""

CONTENTS = st.lists(st.sampled_from(NEARLY) | st.binary(max_size=40), max_size=12).map(b"".join)


def form(content: bytes, disposition: str = 'form-data; name="file"; filename="a.txt"', more: str = "") -> bytes:
    head = f"Content-Disposition: {disposition}\r\nContent-Type: text/plain\r\n{more}\r\n"
    return b"--" + BOUNDARY + b"\r\n" + head.encode() + content + b"\r\n--" + BOUNDARY + b"--\r\n"


def read(body: bytes, sizes: list[int], boundary: bytes = BOUNDARY) -> bytes:
    """The file in `body`, fed in chunks of these sizes, over and over."""
    reader, found, at = FileForm(boundary), b"", 0
    while at < len(body):
        for size in sizes:
            found += b"".join(reader.feed(body[at : at + size]))
            at += size
    reader.finish()
    return found


def as_mail(body: bytes) -> bytes:
    """The same, as the standard library's mail parser reads it."""
    head = b'Content-Type: multipart/form-data; boundary="' + BOUNDARY + b'"\r\n\r\n'
    message = email.message_from_bytes(head + body, policy=email.policy.HTTP)
    assert isinstance(message, EmailMessage)
    [part] = message.iter_parts()
    content = part.get_payload(decode=True)
    assert isinstance(content, bytes)
    return content


@settings(max_examples=400)
@given(CONTENTS, st.lists(st.integers(1, 30), min_size=1, max_size=6))
def test_any_cutting_of_a_form_gives_the_bytes_that_were_put_in(content: bytes, sizes: list[int]) -> None:
    assume(b"--" + BOUNDARY not in content)
    assert read(form(content), sizes) == content


@settings(max_examples=200)
@given(CONTENTS, st.lists(st.integers(1, 30), min_size=1, max_size=6))
def test_another_parser_finds_the_same_bytes(content: bytes, sizes: list[int]) -> None:
    assume(b"--" + BOUNDARY not in content)
    assert read(form(content), sizes) == as_mail(form(content))


@settings(max_examples=200)
@given(st.integers(1, 200), st.lists(st.integers(1, 60), min_size=1, max_size=4))
def test_a_form_that_is_cut_off_is_refused_wherever_that_is(lost: int, sizes: list[int]) -> None:
    """What follows the last boundary's hyphens may be missing, as it says nothing."""
    body = form(b"1 2 3\r\n" * 30)
    with pytest.raises(Refused, match="form-broken"):
        read(body[: -2 - lost], sizes)


@settings(max_examples=300)
@given(st.binary(max_size=300), st.integers(1, 50))
def test_no_bytes_break_it_in_any_other_way(junk: bytes, size: int) -> None:
    with pytest.raises(Refused):
        read(b"--" + BOUNDARY + b"\r\n" + junk, [size])


def test_a_field_without_a_file_name_is_a_file_as_well() -> None:
    assert read(form(b"1\n2\n", 'form-data; name="file"'), [7]) == b"1\n2\n"


@pytest.mark.parametrize(
    ("body", "code", "said"),
    [
        (form(b"x", 'form-data; name="method"'), "form-field-unknown", "'method'"),
        (form(b"x", "form-data"), "form-broken", "which field"),
        (form(b"x", 'attachment; name="file"'), "form-broken", "which field"),
        (form(b"MSAy", more="Content-Transfer-Encoding: base64\r\n"), "form-broken", "transfer-encoded"),
        (form(b"1")[:-4] + form(b"2")[2 + len(BOUNDARY) :], "form-file-repeated", "more than one"),
        (b"--" + BOUNDARY + b"--\r\n", "form-file-missing", "no field"),
        (form(b"x", more="X-Long: " + "y" * 5000 + "\r\n"), "form-broken", "header size"),
        (form(b"x", more="X-Many: y\r\n" * 20), "form-broken", "header"),
        (form(b"x") + b"z" * (AROUND_BYTES + 1), "form-broken", "besides the file"),
        (b"1 2 3 4 5\n", "form-broken", "boundary"),
    ],
    ids=["other field", "no name", "no form", "base64", "two", "none", "long header", "headers", "tail", "no form"],
)
def test_what_is_no_form_with_one_file_is_refused_with_its_reason(body: bytes, code: str, said: str) -> None:
    with pytest.raises(Refused) as caught:
        read(body, [1000])
    assert caught.value.code == code
    assert said in caught.value.sentence
    assert caught.value.remedy


def test_another_field_is_sent_to_the_query() -> None:
    with pytest.raises(Refused) as caught:
        read(form(b"x", 'form-data; name="method"'), [1000])
    assert "?method=" in caught.value.remedy


@pytest.mark.parametrize("boundary", [b"", b"b" * 300])
def test_a_boundary_that_is_none_is_refused(boundary: bytes) -> None:
    with pytest.raises(Refused, match="form-broken"):
        FileForm(boundary)
