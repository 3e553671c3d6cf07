"""Names to addresses: asked when an endpoint is registered, and by the courier each time it dials."""

import socket
from concurrent.futures import Future, ThreadPoolExecutor
from ipaddress import ip_address

from services.gateway.addresses import Address
from shared.errors import Refused

# Threads of their own: a name server that does not answer must not hold the threads that work on the database.
_RESOLVING = ThreadPoolExecutor(max_workers=32, thread_name_prefix="resolve")


def look_up(host: str, port: int) -> "Future[list[Address]]":
    """Ask the system for all addresses of `host`, each once, in its order of preference.

    The future raises `OSError` when there are none for now, and `Refused` for what is no host name at all.
    """
    return _RESOLVING.submit(_look_up, host, port)


def _look_up(host: str, port: int) -> list[Address]:
    try:
        answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except ValueError as error:  # a label too long or empty, a zero byte
        raise Refused("endpoint-refused", f"{host!r} is no host name: {error}") from error
    return [ip_address(answer) for answer in dict.fromkeys(str(answer[4][0]) for answer in answers)]
