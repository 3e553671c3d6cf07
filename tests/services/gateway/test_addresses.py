"""Which addresses may be called: everything inward is closed, in every spelling."""

import contextlib
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.gateway.addresses import check_url, may_call
from shared.errors import Refused
from tests.services.gateway.closed import ADDRESSES

OPEN = [
    "1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.1", "100.63.255.255", "100.128.0.1", "172.32.0.1",
    "2606:4700::1111", "2a00:1450::1", "::ffff:8.8.8.8",
]  # fmt: skip


@pytest.mark.parametrize("address", ADDRESSES)
def test_an_address_that_is_not_on_the_public_internet_is_closed(address: str) -> None:
    assert not may_call(ip_address(address))


@pytest.mark.parametrize("address", OPEN)
def test_a_public_address_is_open(address: str) -> None:
    assert may_call(ip_address(address))


def test_a_network_that_the_operator_names_is_open_and_its_neighbour_is_not() -> None:
    assert may_call(ip_address("127.0.0.1"), ("127.0.0.0/8",))
    assert may_call(ip_address("::ffff:127.0.0.1"), ("127.0.0.0/8",))
    assert not may_call(ip_address("10.0.0.1"), ("127.0.0.0/8",))


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/hook",
        "ftp://example.org/",
        "https://",
        "https://user@example.org/",
        "https://user:word@example.org/",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://[::ffff:169.254.169.254]/",
        "https://example.org:0/",
        "https://example.org:99999/",
        "javascript:alert(1)",
        "example.org",
        "",
        "https://[broken",
        "https://exämple.org/",
        "https://example.org/a b",
        "https://exam\nple.org/",
    ],
)
def test_a_url_that_we_may_not_call_is_refused(url: str) -> None:
    with pytest.raises(Refused, match="endpoint-refused"):
        check_url(url)


def test_https_by_name_is_accepted() -> None:
    check_url("https://example.org/hook")
    check_url("https://example.org/hook", ("127.0.0.0/8",))


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:9000/hook", "http://[::ffff:127.0.0.1]:9000/", "http://localhost:9000/hook"]
)
def test_http_is_accepted_inside_a_named_network(url: str) -> None:
    check_url(url, ("127.0.0.0/8",))


@pytest.mark.parametrize("url", ["http://example.org/hook", "http://8.8.8.8/hook", "http://localhost.example.org/"])
def test_http_to_the_open_internet_is_refused_even_where_private_networks_are_named(url: str) -> None:
    with pytest.raises(Refused, match="must be https"):
        check_url(url, ("127.0.0.0/8",))


def test_http_to_localhost_is_refused_where_only_another_network_is_named() -> None:
    with pytest.raises(Refused, match="must be https"):
        check_url("http://localhost:9000/", ("10.0.0.0/8",))


@given(st.text(max_size=60))
def test_no_text_breaks_the_check(text: str) -> None:
    with contextlib.suppress(Refused):
        check_url("https://" + text)
