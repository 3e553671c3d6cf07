"""HEAD of a page, and of every route that has GET, is GET without the body."""

import httpx
import pytest

from tests.services.gateway.conftest import Team


@pytest.mark.parametrize("path", ["/", "/challenges/tiny", "/challenges/tiny/classification", "/docs"])
def test_head_of_a_page_is_its_head(gateway_url: str, path: str) -> None:
    whole, head = (httpx.request(method, gateway_url + path) for method in ("GET", "HEAD"))
    assert (whole.status_code, head.status_code) == (200, 200)
    assert head.content == b""
    assert head.headers["content-type"] == whole.headers["content-type"]


def test_head_of_no_page_is_missing(gateway_url: str) -> None:
    assert httpx.head(f"{gateway_url}/challenges/nothing").status_code == 404


@pytest.mark.parametrize(
    "path", ["/v1/challenges", "/v1/challenges/tiny", "/client.py", "/healthz", "/static/holdout.css"]
)
def test_head_of_a_route_is_its_head(gateway_url: str, path: str) -> None:
    whole, head = (httpx.request(method, gateway_url + path) for method in ("GET", "HEAD"))
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == str(len(whole.content))


def test_head_of_a_stream_ends_at_once_and_its_connection_serves_on(team: Team) -> None:
    view = team.submit(b"1\n2\n3\n4\n", split="validation").json()["submission"]
    head = team.http.head(f"/v1/submissions/{view['id']}/events")
    assert head.headers["content-type"].startswith("text/event-stream")
    assert team.http.get("/v1/key").status_code == 200


def test_head_of_what_takes_no_get_says_what_it_takes(gateway_url: str) -> None:
    answer = httpx.head(f"{gateway_url}/internal/outcomes")
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
