"""Connections to teams' endpoints that cannot be turned inwards: resolve once, judge every answer, dial what was judged.

The name stays in Host, SNI and certificate; only the dialling is ours, so a name that changes its address between check and
call (rebinding) gains nothing.
"""

import asyncio
import socket
from collections.abc import Iterable
from ipaddress import ip_address
from typing import Any

import httpcore

from services.gateway.addresses import Address, may_call
from shared.errors import Refused


class GuardedBackend(httpcore.AsyncNetworkBackend):
    """Dials only addresses that `may_call` allows."""

    def __init__(self, networks: tuple[str, ...]) -> None:
        self._networks = networks
        self._inner = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's signature
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Resolve `host`; refuse if any answer is closed; dial the first."""
        addresses = await _resolve(host, port)
        closed = [address for address in addresses if not may_call(address, self._networks)]
        if closed or not addresses:
            raise Refused("endpoint-refused", f"{host} is at {closed or 'no address'}: not a public address")
        return await self._inner.connect_tcp(str(addresses[0]), port, timeout, local_address, socket_options)

    async def sleep(self, seconds: float) -> None:
        """Wait, as the pool asks for."""
        await self._inner.sleep(seconds)


def guarded_pool(networks: tuple[str, ...]) -> httpcore.AsyncConnectionPool:
    """A connection pool for deliveries: no proxies, no redirects, certificates checked."""
    return httpcore.AsyncConnectionPool(
        network_backend=GuardedBackend(networks), max_connections=100, keepalive_expiry=30
    )


async def _resolve(host: str, port: int) -> list[Address]:
    loop = asyncio.get_running_loop()
    try:
        answers = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise httpcore.ConnectError(f"{host} does not resolve: {error}") from error
    return [ip_address(answer[4][0]) for answer in answers]
