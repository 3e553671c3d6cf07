"""The guard: every address is judged, what was judged is dialled, and nothing leads a delivery inwards."""

import asyncio
from collections.abc import Sequence
from ipaddress import ip_address

import httpcore
import pytest

from services.gateway.addresses import Address
from services.gateway.courier.dial import guarded_pool, resolve
from shared.errors import Refused
from tests.services.gateway.courier.receivers import receiver, status

LOOPBACK = ("127.0.0.0/8",)


class Names:
    """A name server that gives one answer after the other, and the last for ever."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self._answers = answers
        self.asked: list[str] = []

    async def __call__(self, host: str, port: int) -> Sequence[Address]:
        self.asked.append(host)
        answer = self._answers[min(len(self.asked), len(self._answers)) - 1]
        return [ip_address(address) for address in answer]


def post(url: str, networks: tuple[str, ...], names: Names | None = None) -> int:
    """The status of one post over a connection of its own."""

    async def run() -> int:
        async with guarded_pool(networks, names or resolve) as pool, asyncio.timeout(20):
            return (await pool.request("POST", url, content=b"{}")).status

    return asyncio.run(run())


@pytest.mark.parametrize("addresses", [["8.8.8.8", "127.0.0.1"], ["127.0.0.1", "8.8.8.8"], ["2606:4700::1111", "::1"]])
def test_a_name_at_a_public_and_a_private_address_is_refused(addresses: list[str]) -> None:
    with receiver(status(200)) as inside:
        with pytest.raises(Refused, match="endpoint-refused"):
            post(f"http://team.example:{inside.port}/", (), Names(addresses))
        assert inside.posts == []


def test_a_name_at_no_address_is_refused() -> None:
    with pytest.raises(Refused, match="no address"):
        post("http://team.example/", LOOPBACK, Names([]))


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "[::1]", "10.0.0.1", "169.254.169.254", "[::ffff:127.0.0.1]", "2130706433"]
)
def test_a_literal_private_address_is_refused_in_every_spelling(host: str) -> None:
    with pytest.raises(Refused, match="not on the public Internet"):
        post(f"http://{host}:9/", ())


def test_a_name_is_resolved_once_a_connection_and_what_was_judged_is_dialled() -> None:
    names = Names(["127.0.0.1"], ["127.0.0.2"])
    with receiver(status(200)) as judged, receiver(status(200), "127.0.0.2", judged.port) as rebound:
        assert post(f"http://team.example:{judged.port}/", ("127.0.0.1/32",), names) == 200
        assert names.asked == ["team.example"]
        with pytest.raises(Refused):
            post(f"http://team.example:{judged.port}/", ("127.0.0.1/32",), names)
        assert (len(judged.posts), len(rebound.posts)) == (1, 0)


def test_the_name_stays_in_the_host_header() -> None:
    with receiver(status(200)) as ours:
        post(f"http://team.example:{ours.port}/", LOOPBACK, Names(["127.0.0.1"]))
        assert ours.posts[0].headers["host"] == f"team.example:{ours.port}"


def test_the_next_address_is_dialled_when_the_first_cannot_be_reached() -> None:
    with receiver(status(200)) as ours:
        names = Names(["127.0.0.3", "127.0.0.1"])
        assert post(f"http://team.example:{ours.port}/", LOOPBACK, names) == 200


def test_where_no_address_can_be_reached_all_are_named() -> None:
    with receiver(status(200)) as ours, pytest.raises(httpcore.ConnectError, match=r"127\.0\.0\.3.*127\.0\.0\.4"):
        post(f"http://team.example:{ours.port}/", LOOPBACK, Names(["127.0.0.3", "127.0.0.4"]))


@pytest.mark.parametrize("host", ["a" * 64 + ".example", "team..example"])
def test_what_is_no_host_name_is_refused(host: str) -> None:
    with pytest.raises(Refused, match="no host name"):
        post(f"http://{host}/", LOOPBACK)


def test_a_name_that_does_not_resolve_is_a_failure_to_connect() -> None:
    with pytest.raises(httpcore.ConnectError, match="does not resolve"):
        post("http://team.invalid/", LOOPBACK)


@pytest.mark.parametrize("name", ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "all_proxy"])
def test_a_proxy_in_the_environment_is_ignored(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with receiver(status(200)) as ours, receiver(status(502)) as proxy:
        monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        monkeypatch.delenv("NO_PROXY", raising=False)
        assert post(ours.url, LOOPBACK) == 200
        assert proxy.posts == []
