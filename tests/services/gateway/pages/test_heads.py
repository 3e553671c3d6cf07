"""HEAD of a page is GET without the page."""

import httpx
import pytest


@pytest.mark.parametrize("path", ["/", "/challenges/tiny", "/challenges/tiny/classification", "/docs"])
def test_head_of_a_page_is_its_head(gateway_url: str, path: str) -> None:
    whole, head = (httpx.request(method, gateway_url + path) for method in ("GET", "HEAD"))
    assert (whole.status_code, head.status_code) == (200, 200)
    assert head.content == b""
    assert head.headers["content-type"] == whole.headers["content-type"]


def test_head_of_no_page_is_missing(gateway_url: str) -> None:
    assert httpx.head(f"{gateway_url}/challenges/nothing").status_code == 404
