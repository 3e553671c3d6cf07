"""Connections to teams' endpoints that cannot be turned inwards: resolve once, judge every answer, dial what was judged.

The name stays in Host, SNI and certificate; only the dialling is ours, so a name that changes its address between check and
call (rebinding) gains nothing.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any

import httpcore

from services.gateway.addresses import Address, check_answers
from services.gateway.resolving import look_up

CONNECT_SECONDS = 5.0
"""Per address, so that one that swallows packets leaves time for the next."""

Resolver = Callable[[str, int], Awaitable[Sequence[Address]]]
"""All addresses of a host, in the order to try them; raises `httpcore.ConnectError` when it has none for now."""


async def resolve(host: str, port: int) -> Sequence[Address]:
    """Ask the system; raises `Refused` for what is no host name at all."""
    try:
        return await asyncio.wrap_future(look_up(host, port))
    except OSError as error:
        raise httpcore.ConnectError(f"{host} does not resolve: {error}") from error


class GuardedBackend(httpcore.AsyncNetworkBackend):
    """Dials only addresses that `may_call` allows."""

    def __init__(
        self,
        networks: tuple[str, ...],
        resolve: Resolver = resolve,
        transport: httpcore.AsyncNetworkBackend | None = None,
    ) -> None:
        self._networks = networks
        self._resolve = resolve
        self._inner = transport or httpcore.AnyIOBackend()

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
        check_answers(host, addresses, self._networks)
        return addresses


def guarded_pool(networks: tuple[str, ...], resolve: Resolver = resolve) -> httpcore.AsyncConnectionPool:
    """A connection pool for deliveries: no proxies, no redirects, certificates checked."""
    return httpcore.AsyncConnectionPool(
        network_backend=GuardedBackend(networks, resolve), max_connections=100, keepalive_expiry=30
    )
