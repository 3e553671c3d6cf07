"""Connections to teams' endpoints that cannot be turned inwards: resolve once, judge every answer, dial what was judged.

The name stays in Host, SNI and certificate; only the dialling is ours, so a name that changes its address between check and
call (rebinding) gains nothing.
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_address
from typing import Any

import httpcore

from services.gateway.addresses import Address, may_call
from shared.errors import Refused

CONNECT_SECONDS = 5.0
"""Per address, so that one that swallows packets leaves time for the next."""

Resolver = Callable[[str, int], Awaitable[Sequence[Address]]]
"""All addresses of a host, in the order to try them; raises `httpcore.ConnectError` when it has none for now."""

# Threads of their own: a name server that does not answer must not hold the threads that work on the database.
_RESOLVING = ThreadPoolExecutor(max_workers=32, thread_name_prefix="resolve")


async def resolve(host: str, port: int) -> Sequence[Address]:
    """Ask the system; raises `Refused` for what is no host name at all."""
    loop = asyncio.get_running_loop()
    try:
        answers = await loop.run_in_executor(_RESOLVING, _look_up, host, port)
    except OSError as error:
        raise httpcore.ConnectError(f"{host} does not resolve: {error}") from error
    except ValueError as error:  # a label too long or empty, a zero byte
        raise Refused("endpoint-refused", f"{host!r} is no host name: {error}") from error
    return [ip_address(answer) for answer in answers]


class GuardedBackend(httpcore.AsyncNetworkBackend):
    """Dials only addresses that `may_call` allows."""

    def __init__(self, networks: tuple[str, ...], resolve: Resolver = resolve) -> None:
        self._networks = networks
        self._resolve = resolve
        self._inner = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's signature
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Resolve `host`; refuse if any answer is closed; dial them in turn until one answers."""
        failures: list[str] = []
        for address in await self._judged(host, port):
            try:
                return await self._inner.connect_tcp(
                    str(address), port, timeout or CONNECT_SECONDS, local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failures.append(f"{address}: {error or type(error).__name__}")
        raise httpcore.ConnectError(f"{host} cannot be reached: {'; '.join(failures)}")

    async def sleep(self, seconds: float) -> None:
        """Wait, as the pool asks for."""
        await self._inner.sleep(seconds)

    async def _judged(self, host: str, port: int) -> Sequence[Address]:
        addresses = await self._resolve(host, port)
        closed = [str(address) for address in addresses if not may_call(address, self._networks)]
        if closed or not addresses:
            found = ", ".join(closed) or "no address"
            raise Refused("endpoint-refused", f"{host} is at {found}: not a public address")
        return addresses


def guarded_pool(networks: tuple[str, ...], resolve: Resolver = resolve) -> httpcore.AsyncConnectionPool:
    """A connection pool for deliveries: no proxies, no redirects, certificates checked."""
    return httpcore.AsyncConnectionPool(
        network_backend=GuardedBackend(networks, resolve), max_connections=100, keepalive_expiry=30
    )


def _look_up(host: str, port: int) -> list[str]:
    """Addresses in the system's order of preference, each once."""
    answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(answer[4][0]) for answer in answers))
